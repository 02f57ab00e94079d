#include <fmt/core.h>

#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "checkpoint/family.hpp"

// Llama (Touvron 2023; Grattafiori 2024 for the stretched frequencies of version 3.1), Mistral (Jiang 2023) and Qwen2 (Yang
// 2024): pre-norm by the root mean square, rotary positions, gated feed-forward, grouped queries; Qwen2 with biases of queries,
// keys and values, Mistral with a sliding window.

namespace saccade {

namespace {

/// Frequencies as the config's "rope_scaling" stretches them. Error{unsupported} for ways that are not known.
Tensor<float> frequencies(const JsonObject& config, Index units, double base, const std::string& where) {
    const nlohmann::json* given = config.find("rope_scaling");
    if (given == nullptr || given->is_null()) return rotary_frequencies(units, units, base);
    const JsonObject scaling(*given, where + ": config.json's rope_scaling");
    std::string kind;
    scaling.text("type", kind, 64);
    scaling.text("rope_type", kind, 64);
    double factor = 1;
    scaling.number("factor", factor, 1, 1e6);
    if (kind == "default") return rotary_frequencies(units, units, base);
    if (kind == "linear") return rotary_frequencies(units, units, base, factor);
    if (kind != "llama3")
        throw Error(ErrorCode::unsupported, fmt::format("{}: rope_scaling of type '{}' is not known", where, kind),
                    "default, linear and llama3 are");
    double low = 1, high = 4, trained = 8192;
    scaling.number("low_freq_factor", low, 1e-6, 1e6);
    scaling.number("high_freq_factor", high, low + 1e-6, 1e6);
    scaling.number("original_max_position_embeddings", trained, 1, 1e9);
    Tensor<float> theta = rotary_frequencies(units, units, base);
    for (float& value : theta.values()) {
        const double turns = trained * static_cast<double>(value) / (2 * std::numbers::pi);  // within the trained length
        const double kept = std::clamp((turns - low) / (high - low), 0.0, 1.0);
        value = static_cast<float>(static_cast<double>(value) * (kept + (1 - kept) / factor));
    }
    return theta;
}

MappedModel map_decoder(CheckpointFolder& folder, const JsonObject& config, bool biased, bool windowed) {
    Index vocabulary = 32000;
    double base = 10000;
    MappedModel model{.design = {.layers = 32,
                                 .heads = 32,
                                 .d_model = 4096,
                                 .d_ff = 11008,
                                 .norm = "pre",
                                 .position = "rotary",
                                 .causal = true,
                                 .scaled_embedding = false,
                                 .rms = true,
                                 .gated = true,
                                 .feed_forward_bias = false,
                                 .norm_epsilon = 1e-6},
                      .read_out = ReadOut::next_token};
    StackDesign& design = model.design;
    config.whole("num_hidden_layers", design.layers, Index{1}, Index{1024});
    config.whole("num_attention_heads", design.heads, Index{1}, Index{4096});
    design.groups = design.heads;
    config.whole("num_key_value_heads", design.groups, Index{1}, design.heads);
    config.whole("hidden_size", design.d_model, Index{1}, Index{65536});
    config.whole("intermediate_size", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("vocab_size", vocabulary, Index{1}, Index{1} << 24);
    config.whole("max_position_embeddings", model.longest, Index{1}, Index{1} << 30);
    config.number("rms_norm_eps", design.norm_epsilon, 0, 1);
    config.number("rope_theta", base, 1, 1e12);
    if (const nlohmann::json* given = config.find("head_dim"); given != nullptr && !given->is_null())
        config.whole("head_dim", design.d_head, Index{1}, Index{65536});
    bool attention_bias = biased, feed_forward_bias = false, tied = false, sliding = windowed;
    config.toggle("attention_bias", attention_bias);
    config.toggle("mlp_bias", feed_forward_bias);
    config.toggle("tie_word_embeddings", tied);
    config.toggle("use_sliding_window", sliding);
    if (const nlohmann::json* given = config.find("sliding_window"); sliding && given != nullptr && !given->is_null())
        config.whole("sliding_window", design.window, Index{1}, Index{1} << 30);
    design.activation = activation_of(config, "hidden_act", "silu", folder.path);
    design.bias = attention_bias;
    design.feed_forward_bias = feed_forward_bias;
    require_valid(design);

    const Index d = design.d_model, units = units_of(design), all = design.heads * units, grouped = design.groups * units;
    Taking taking(folder, {"model."}, model.weights);
    taking.take("stack.embedding.weight", "embed_tokens.weight", {vocabulary, d});
    taking.give("stack.position.frequency", frequencies(config, units, base, folder.path));
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("layers.{}", l);
        // Rotary pairs lie half a head apart there and side by side here: the same numbers in another order.
        const auto part = [&](const char* name, const char* letter, Index rows, bool turned) {
            for (const char* what : {".weight", ".bias"}) {
                const bool bias = std::string(what) == ".bias";
                if (bias && !attention_bias) continue;
                const Shape shape = bias ? Shape{rows} : Shape{rows, d};
                const Tensor<float> values = taking.tensor(fmt::format("{}.self_attn.{}_proj{}", theirs, letter, what), shape);
                taking.give(fmt::format("{}.self.{}{}", ours, name, what),
                            turned ? paired_units(values, units, units) : values);
            }
        };
        part("query", "q", all, true);
        part("key", "k", grouped, true);
        part("value", "v", grouped, false);
        const std::string output = theirs + ".self_attn.o_proj";
        taking.take(ours + ".self.output.weight", output + ".weight", {d, all});
        // Qwen2 has none here, beside three that it has.
        if (attention_bias)
            taking.give(ours + ".self.output.bias",
                        taking.has(output + ".bias") ? taking.tensor(output + ".bias", {d}) : Tensor<float>(Shape{d}));
        taking.linear(ours + ".feed_forward.gate", theirs + ".mlp.gate_proj", design.d_ff, d, feed_forward_bias);
        taking.linear(ours + ".feed_forward.in", theirs + ".mlp.up_proj", design.d_ff, d, feed_forward_bias);
        taking.linear(ours + ".feed_forward.out", theirs + ".mlp.down_proj", d, design.d_ff, feed_forward_bias);
        taking.norm(ours + ".norm1", theirs + ".input_layernorm", d, true);
        taking.norm(ours + ".norm2", theirs + ".post_attention_layernorm", d, true);
    }
    taking.norm("stack.norm", "norm", d, true);
    if (!tied) taking.take("head.weight", "lm_head.weight", {vocabulary, d});
    return model;
}

}  // namespace

Family llama_family() {
    return {"llama", "Llama", "Touvron 2023",
            [](CheckpointFolder& folder, const JsonObject& config) { return map_decoder(folder, config, false, false); }};
}

Family mistral_family() {
    return {"mistral", "Mistral", "Jiang 2023",
            [](CheckpointFolder& folder, const JsonObject& config) { return map_decoder(folder, config, false, true); }};
}

Family qwen2_family() {
    return {"qwen2", "Qwen2", "Yang 2024",
            [](CheckpointFolder& folder, const JsonObject& config) { return map_decoder(folder, config, true, false); }};
}

}  // namespace saccade
