#include <gtest/gtest.h>

#include <filesystem>

#include "unit/core/copied_checkpoint.hpp"

// Settings of a folder that would change what is computed or written, and that nothing here heeds: refused, or said.

namespace saccade::test::checkpoint_settings_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// What a copy of the family says once config.json holds this.
std::string refused(const char* family, const char* key, const json& value) {
    const Copied copied(family);
    copied.config(key, value);
    return copied.refusal();
}

TEST(CheckpointSettings, kinds_of_layers_that_are_not_known_are_refused) {
    EXPECT_SAYS(refused("qwen3", "layer_types", {"linear_attention", "full_attention"}), "layers of type \"linear_attention\"");
    EXPECT_SAYS(refused("qwen3", "layer_types", {"full_attention"}), "layer_types");
    EXPECT_SAYS(refused("qwen3", "layer_types", "full_attention"), "layer_types");
    EXPECT_EQ(refused("qwen3", "layer_types", {"full_attention", "full_attention"}), "it opened");
    EXPECT_EQ(refused("llama", "layer_types", nullptr), "it opened");
}

TEST(CheckpointSettings, other_turns_of_positions_are_refused) {
    EXPECT_SAYS(refused("llama", "partial_rotary_factor", 0.5), "partial_rotary_factor of 0.5");
    EXPECT_EQ(refused("llama", "partial_rotary_factor", 1), "it opened");
    EXPECT_SAYS(refused("llama", "rope_interleaved", true), "rope_interleaved");
    EXPECT_EQ(refused("llama", "rope_interleaved", false), "it opened");
    EXPECT_SAYS(refused("llama", "rope_scaling", {{"rope_type", "linear"}, {"type", "yarn"}, {"factor", 2}}),
                "are of rope_type 'linear' and of type 'yarn'");
    EXPECT_EQ(refused("llama", "rope_scaling", {{"type", "linear"}, {"factor", 2}}), "it opened");
    EXPECT_SAYS(refused("llama", "rope_scaling", {{"rope_type", "dynamic"}, {"factor", -3}}), "factor");
    EXPECT_SAYS(refused("llama", "rope_scaling", {{"rope_type", "dynamic"}}), "factor");
    EXPECT_EQ(refused("llama", "rope_scaling", {{"rope_type", "dynamic"}, {"factor", 2}}), "it opened");
}

TEST(CheckpointSettings, an_unknown_activation_is_named_with_its_key) {
    EXPECT_SAYS(refused("gpt2", "activation_function", "mish"), "config.json's activation_function: the activation 'mish'");
    EXPECT_SAYS(refused("llama", "hidden_act", "mish"), "config.json's hidden_act");
}

TEST(CheckpointSettings, whatever_stands_under_quantization_config_is_no_plain_model) {
    EXPECT_SAYS(refused("gpt2", "quantization_config", "x"), "its weights are quantised");
    EXPECT_EQ(refused("gpt2", "quantization_config", nullptr), "it opened");
}

TEST(CheckpointSettings, what_generate_would_heed_is_said_of_what_is_written) {
    const Copied copied("t5");
    const auto said = [&](const json& generation, Params params = {}) {
        write_file(copied("generation_config.json"), generation.dump());
        return said_by(copied, std::move(params));
    };
    EXPECT_SAYS(said({{"no_repeat_ngram_size", 3}}), "also says no_repeat_ngram_size = 3");
    EXPECT_SAYS(said({{"repetition_penalty", 1.2}, {"do_sample", true}}), "repetition_penalty = 1.2, do_sample = true");
    EXPECT_FALSE(contains(said({{"repetition_penalty", 1.0}, {"min_length", 0}, {"do_sample", false}}), "also says"));
    Params forced;
    forced.set("target", std::string("3 1"));
    EXPECT_FALSE(contains(said({{"min_length", 3}}, forced), "also says")) << "nothing is chosen";
}

TEST(CheckpointSettings, links_to_nothing_and_files_for_folders_are_called_what_they_are) {
    const Copied copied;
    fs::remove(copied("model.safetensors"));
    fs::create_symlink("nowhere", copied("model.safetensors"));
    EXPECT_SAYS(copied.refusal(), "model.safetensors: cannot be read");
    const Copied other;
    fs::create_symlink("nowhere", other("tokenizer.json"));
    EXPECT_SAYS(other.refusal(), "tokenizer.json");
    const auto refusal = [](const std::string& path) {
        try {
            read_checkpoint(path);
        } catch (const Error& e) {
            return e.line();
        }
        return std::string("it opened");
    };
    EXPECT_SAYS(refusal(other("config.json")), "config.json: is no folder");
    EXPECT_SAYS(refusal(other("none")), "none: there is no such folder");
    fs::create_symlink("loop", other("loop"));
    EXPECT_SAYS(refusal(other("loop")), "loop: cannot be opened");
}

}  // namespace
}  // namespace saccade::test::checkpoint_settings_test
