#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.hpp"
#include "io/atomic_file.hpp"
#include "io/text_file.hpp"
#include "run/run.hpp"
#include "unit/core/testing.hpp"

namespace saccade::test {

inline std::string golden_checkpoint(const std::string& family) {
    return std::string(SACCADE_TEST_DATA) + "/golden/checkpoint_" + family;
}

/// A copy of a small model that a test may damage.
class Copied {
 public:
    explicit Copied(const std::string& family = "gpt2") : path_(folder_ / "model") {
        std::filesystem::create_directories(path_);
        for (const char* name : {"config.json", "model.safetensors"})
            std::filesystem::copy(golden_checkpoint(family) + "/" + name, (*this)(name));
    }
    std::string operator()(const std::string& name) const { return path_ + "/" + name; }
    const std::string& path() const { return path_; }
    void config(const std::string& key, const nlohmann::json& value) const {
        nlohmann::json json = nlohmann::json::parse(read_text((*this)("config.json"), 1 << 20));
        json[key] = value;
        write_file((*this)("config.json"), json.dump());
    }
    void weights(const std::function<void(WeightMap&)>& change) const {
        WeightMap map = read_safetensors((*this)("model.safetensors"));
        change(map);
        write_safetensors((*this)("model.safetensors"), map, StoredType::f32);
    }
    std::string refusal() const {
        try {
            read_checkpoint(path_);
        } catch (const Error& e) {
            EXPECT_EQ(e.line().find('\n'), std::string::npos);
            EXPECT_LT(e.line().size(), 400u) << e.line();
            return e.line();
        }
        return "it opened";
    }

 private:
    TemporaryFolder folder_;
    std::string path_;
};

#define EXPECT_SAYS(line, text) EXPECT_TRUE(contains(line, text)) << line

/// What a run of a copied folder says, error or notes.
inline std::string said_by(const Copied& copied, Params params = {}) {
    RunRequest request;
    request.exhibit = "checkpoint";
    request.params = std::move(params);
    request.params.set("path", copied.path());
    if (!request.params.has("text")) request.params.set("text", std::string("3 1 4 1 5"));
    std::string all;
    try {
        const TracePtr trace = run(request);
        for (const Note& note : trace->notes()) all += note.text + "; ";
    } catch (const Error& e) {
        all = e.line();
    }
    return all;
}

}  // namespace saccade::test
