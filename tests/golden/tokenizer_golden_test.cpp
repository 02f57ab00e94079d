#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "checkpoint/tokenizer_pipeline.hpp"

// Ids and decoded texts against the `tokenizers` library: make_tokenizer_golden.py and .mjs beside this file.

namespace saccade::tokenizer_golden_test {
namespace {

using nlohmann::json;

json golden_json(const std::string& name) {
    std::ifstream file(std::string(SACCADE_TEST_DATA) + "/golden/" + name);
    return json::parse(file);
}

json model_named(const json& models, const std::string& name) {
    json model = models.at(name);
    if (!model.contains("same_as")) return model;
    json same = models.at(model["same_as"].get<std::string>());
    model.erase("same_as");
    same.update(model);
    return same;
}

TEST(TokenizerGolden, ids_and_texts_of_every_kind) {
    const json made = golden_json("tokenizers.json"), golden = golden_json("tokenizer_golden.json");
    const auto texts = golden.at("texts").get<std::vector<std::string>>();
    std::size_t compared = 0;
    for (const auto& [name, expected] : golden.at("tokenizers").items()) {
        json document = made.at("tokenizers").at(name);
        document["model"] = model_named(made.at("models"), document["model"].get<std::string>());
        const auto tokenizer = tokenizer_of_json(document.dump(), name);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string what = name + ": " + json(texts[i]).dump();
            const auto ids = expected[i].at("ids").get<std::vector<Index>>();
            EXPECT_EQ(tokenizer->encode(texts[i]).ids, ids) << what;
            EXPECT_EQ(tokenizer->decode(ids, true), expected[i].at("text").get<std::string>()) << what;
            std::string types;
            for (const Index type : tokenizer->encode(i > 0 ? texts[i - 1] : "", texts[i]).types) types += std::to_string(type);
            EXPECT_EQ(types, expected[i].at("types").get<std::string>()) << what;
            compared += ids.size();
        }
    }
    EXPECT_GT(compared, 7000u);  // tokens: a golden file that shrank says so
}

}  // namespace
}  // namespace saccade::tokenizer_golden_test
