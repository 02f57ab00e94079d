#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "io/atomic_file.hpp"
#include "io/safetensors.hpp"
#include "io/text_file.hpp"
#include "run/run.hpp"
#include "testing.hpp"

namespace saccade::test {

namespace fs = std::filesystem;
using nlohmann::json;

inline std::string golden(const std::string& name) {
    return std::string(SACCADE_TEST_DATA) + "/golden/" + name;
}

/// A copy of a small model that a test may damage.
class CopiedModel {
 public:
    explicit CopiedModel(const std::string& name = "vision_vit") : path_(folder_ / "model") {
        fs::copy(golden(name), path_, fs::copy_options::recursive);
    }
    const std::string& path() const { return path_; }
    std::string operator()(const std::string& name) const { return path_ + "/" + name; }
    const CopiedModel& set(const std::string& key, const json& value, const std::string& file = "config.json") const {
        json all = json::parse(read_text((*this)(file), 1 << 20));
        value.is_null() ? (void)all.erase(key) : (void)(all[key] = value);
        write_file((*this)(file), all.dump());
        return *this;
    }
    const CopiedModel& reading(const std::string& key, const json& value) const {
        return set(key, value, "preprocessor_config.json");
    }
    const CopiedModel& weights(const std::function<void(WeightMap&)>& change) const {
        WeightMap map = read_safetensors((*this)("model.safetensors"));
        change(map);
        write_safetensors((*this)("model.safetensors"), map, StoredType::f32);
        return *this;
    }
    /// What a run of it says: the error, or its notes.
    std::string said(Params params = {}, const std::string& exhibit = "vision-checkpoint") const {
        RunRequest request;
        request.exhibit = exhibit;
        request.params = std::move(params);
        request.params.set("path", path_);
        std::string all;
        try {
            trace_ = run(request);
            for (const Note& note : trace_->notes()) all += note.text + "; ";
        } catch (const Error& e) {
            all = e.line();
            EXPECT_EQ(all.find('\n'), std::string::npos);
            EXPECT_LT(all.size(), 400u) << all;
        }
        return all;
    }
    const Trace& trace() const { return *trace_; }

 private:
    TemporaryFolder folder_;
    std::string path_;
    mutable TracePtr trace_;
};

#define EXPECT_SAYS(line, text) EXPECT_TRUE(contains(line, text)) << line

}  // namespace saccade::test
