#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"
#include "checkpoint/family.hpp"
#include "checkpoint/rotary_config.hpp"
#include "checkpoint/writing_config.hpp"

// Llama (Touvron 2023; Grattafiori 2024 for the stretched frequencies of version 3.1), Mistral (Jiang 2023), Qwen2 (Yang
// 2024) and Qwen3 (Yang 2025): pre-norm by the root mean square, rotary positions, gated feed-forward, grouped queries; Qwen2
// with biases of queries, keys and values, Qwen3 with normalised queries and keys, Mistral with a sliding window.

namespace saccade {

namespace {

/// What a layer may be here: attention to all, or within a window.
void require_known_layers(const JsonObject& config, Index layers, const std::string& where) {
    const nlohmann::json* types = config.find("layer_types");
    if (types == nullptr || types->is_null()) return;
    if (!types->is_array() || static_cast<Index>(types->size()) != layers)
        config.refuse("layer_types", *types, fmt::format("a list of {} types, one a layer", layers));
    for (const nlohmann::json& type : *types)
        if (type != "full_attention" && type != "sliding_attention")
            throw Error(ErrorCode::unsupported, fmt::format("{}: config.json has layers of type {}", where, type.dump()),
                        "models of which all layers are full_attention, or all sliding_attention, open");
}

/// Windows that differ from layer to layer are not known here. Qwen's begin at layer max_window_layers, and "layer_types" may
/// say which layers have one.
void require_one_window(const JsonObject& config, StackDesign& design, bool every_layer, const std::string& where) {
    if (design.window == 0) return;
    Index windowed = every_layer ? design.layers : 0;
    if (const nlohmann::json* types = config.find("layer_types"); types != nullptr && types->is_array()) {
        windowed = std::count(types->begin(), types->end(), "sliding_attention");
    } else if (!every_layer) {
        Index first = 28;
        config.whole("max_window_layers", first, Index{0}, Index{1} << 20);
        windowed = std::max<Index>(0, design.layers - first);
    }
    if (windowed == 0) design.window = 0;
    if (windowed > 0 && windowed < design.layers)
        throw Error(ErrorCode::unsupported,
                    fmt::format("{}: {} of its {} layers have a sliding window", where, windowed, design.layers),
                    "models of which all layers have one, or none, open");
}

MappedModel map_decoder(CheckpointFolder& folder, const JsonObject& config, bool biased, bool windowed,
                        bool query_key_norm = false) {
    Index vocabulary = 32000;
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
    design.groups = windowed && config.find("num_key_value_heads") == nullptr ? std::min<Index>(8, design.heads) : design.heads;
    whole_or_null(config, "num_key_value_heads", design.groups, 1, design.heads);
    config.whole("hidden_size", design.d_model, Index{1}, Index{65536});
    config.whole("intermediate_size", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("vocab_size", vocabulary, Index{1}, Index{1} << 24);
    config.whole("max_position_embeddings", model.longest, Index{1}, Index{1} << 30);
    config.number("rms_norm_eps", design.norm_epsilon, 0, 1);
    whole_or_null(config, "head_dim", design.d_head, 1, 65536);
    bool attention_bias = biased, feed_forward_bias = false, tied = false, sliding = windowed;
    if (!windowed && !biased) config.toggle("attention_bias", attention_bias);
    config.toggle("mlp_bias", feed_forward_bias);
    config.toggle("tie_word_embeddings", tied);
    config.toggle("use_sliding_window", sliding);
    if (sliding) whole_or_null(config, "sliding_window", design.window, 1, Index{1} << 30);
    require_known_layers(config, design.layers, folder.path);
    require_one_window(config, design, windowed, folder.path);
    require_usual(config, "rope_interleaved", false, folder.path, "models whose rotary pairs lie half a head apart open");
    if (const double share = rotary_share_of(config, "partial_rotary_factor", 1); share != 1)
        throw Error(ErrorCode::unsupported, fmt::format("{}: config.json says partial_rotary_factor of {}", folder.path, share),
                    "models of this family that turn all of a head open");
    design.activation = activation_of(config, "hidden_act", "silu", folder.path);
    design.bias = attention_bias;
    design.query_key_norm = query_key_norm;
    if (query_key_norm && design.d_head == 0) design.d_head = 128;
    design.feed_forward_bias = feed_forward_bias;
    require_fitting(design, {"hidden_size", "num_attention_heads", "rms_norm_eps", "num_key_value_heads"}, folder.path);

    const Index d = design.d_model, units = units_of(design), all = design.heads * units, grouped = design.groups * units;
    Taking taking(folder, {"model."}, model.weights, &model.stored);
    taking.take("stack.embedding.weight", "embed_tokens.weight", {vocabulary, d});
    double score_factor = 1;
    taking.give("stack.position.frequency", rotary_of(config, units, units, folder.path, "rope_theta", &score_factor));
    // Scores that are multiplied by a number are those of queries that are: by what makes these.
    const auto times_factor = [&](Tensor<float> values) {
        Tensor<float> scaled = values.clone();
        for (float& value : scaled.values()) value = static_cast<float>(static_cast<double>(value) * score_factor);
        return scaled;
    };
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("layers.{}", l);
        // Rotary pairs lie half a head apart there and side by side here: the same numbers in another order.
        const auto part = [&](const char* name, const char* letter, Index rows, bool turned) {
            for (const char* what : {".weight", ".bias"}) {
                const bool bias = std::string(what) == ".bias";
                if (bias && !attention_bias) continue;
                const Shape shape = bias ? Shape{rows} : Shape{rows, d};
                const std::string own = fmt::format("{}.self.{}{}", ours, name, what),
                                  other = fmt::format("{}.self_attn.{}_proj{}", theirs, letter, what);
                if (letter[0] == 'q' && score_factor != 1 && !query_key_norm)
                    taking.give(own, times_factor(paired_units(taking.tensor(other, shape), units, units)));
                else
                    turned ? taking.take_paired(own, other, shape, units, units) : taking.take(own, other, shape);
            }
        };
        part("query", "q", all, true);
        part("key", "k", grouped, true);
        part("value", "v", grouped, false);
        for (const auto& [name, letter] : {std::pair("query_norm", "q"), std::pair("key_norm", "k")})
            if (query_key_norm) {
                const Tensor<float> gains = paired_units(
                    taking.tensor(fmt::format("{}.self_attn.{}_norm.weight", theirs, letter), {units}), units, units);
                taking.give(fmt::format("{}.self.{}.gain", ours, name),
                            letter[0] == 'q' && score_factor != 1 ? times_factor(gains) : gains);
            }
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
    if (tied) return model;
    if (taking.has("lm_head.weight"))
        taking.take("head.weight", "lm_head.weight", {vocabulary, d});
    else
        model.read_out = ReadOut::none;  // saved without what reads it out, as models that embed texts are
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

Family qwen3_family() {
    return {"qwen3", "Qwen3", "Yang 2025",
            [](CheckpointFolder& folder, const JsonObject& config) { return map_decoder(folder, config, false, false, true); }};
}

Family qwen2_family() {
    return {"qwen2", "Qwen2", "Yang 2024",
            [](CheckpointFolder& folder, const JsonObject& config) { return map_decoder(folder, config, true, false); }};
}

}  // namespace saccade
