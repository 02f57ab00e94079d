#include <fmt/core.h>

#include <cmath>

#include "base/error.hpp"
#include "checkpoint/family.hpp"
#include "checkpoint/rotary_config.hpp"
#include "checkpoint/writing_config.hpp"

// T5 (Raffel 2020, "Exploring the limits of transfer learning with a unified text-to-text transformer"): an encoder-decoder,
// pre-norm by the root mean square, without biases; buckets of distances, which all layers of a stack share; scores that
// nothing scales. Version 1.1 has a gate (Shazeer 2020), and a table of its own behind the decoder; in the first the table of
// the words reads out, and states are scaled by 1 / sqrt(d_model) before it.

namespace saccade {

namespace {

struct T5 {
    StackDesign encoder, decoder;
    Index vocabulary = 32128, buckets = 32;
    bool tied = true, scaled = true;
};

/// "relu", "gated-gelu": whether there is a gate, and what stands between the maps.
void read_feed_forward(const JsonObject& config, StackDesign& design, const std::string& where) {
    std::string kind = "relu";
    config.text("feed_forward_proj", kind, 64);
    constexpr std::string_view gate = "gated-";
    design.gated = kind.starts_with(gate);
    std::string name = design.gated ? kind.substr(gate.size()) : kind;
    if (kind == "gated-gelu") name = "gelu_new";  // of version 1.1, which was trained with it
    design.activation = activation_named(name, where);
}

T5 read_config(const JsonObject& config, const std::string& where) {
    T5 t5;
    StackDesign& design = t5.encoder;
    design = {.layers = 6,
              .heads = 8,
              .d_model = 512,
              .d_ff = 2048,
              .norm = "pre",
              .position = "buckets",
              .bias = false,
              .scaled_embedding = false,
              .rms = true,
              .feed_forward_bias = false,
              .norm_epsilon = 1e-6,
              .d_head = 64,
              .scaled_scores = false};
    config.whole("num_layers", design.layers, Index{1}, Index{1024});
    config.whole("num_heads", design.heads, Index{1}, Index{4096});
    config.whole("d_model", design.d_model, Index{1}, Index{65536});
    config.whole("d_ff", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("d_kv", design.d_head, Index{1}, Index{65536});
    config.whole("vocab_size", t5.vocabulary, Index{1}, Index{1} << 24);
    config.whole("relative_attention_num_buckets", t5.buckets, Index{4}, Index{65536});
    // A decoder tells distances below half of its buckets apart, one by one.
    config.whole("relative_attention_max_distance", design.max_distance, t5.buckets / 2 + 1, Index{65536});
    config.number("layer_norm_epsilon", design.norm_epsilon, 0, 1);
    config.toggle("tie_word_embeddings", t5.tied);
    // Newer folders say by themselves whether states are scaled, and then "tied" of every model.
    t5.scaled = t5.tied;
    config.toggle("scale_decoder_outputs", t5.scaled);
    read_feed_forward(config, design, where);
    t5.decoder = design;
    t5.decoder.causal = t5.decoder.cross = true;
    whole_or_null(config, "num_decoder_layers", t5.decoder.layers, 1, 1024);
    require_fitting(t5.encoder, {"d_model", "num_heads", "layer_norm_epsilon"}, where);
    require_fitting(t5.decoder, {"d_model", "num_heads", "layer_norm_epsilon"}, where);
    return t5;
}

void take_attention(Taking& taking, const std::string& ours, const std::string& theirs, const StackDesign& design) {
    const Index d = design.d_model, all = design.heads * design.d_head;
    for (const auto& [name, letter] : {std::pair("query", "q"), std::pair("key", "k"), std::pair("value", "v")})
        taking.linear(fmt::format("{}.{}", ours, name), fmt::format("{}.{}", theirs, letter), all, d, false);
    taking.linear(ours + ".output", theirs + ".o", d, all, false);
}

/// A stack below `ours`; `theirs`: "encoder" or "decoder".
void take_stack(Taking& taking, const T5& t5, const StackDesign& design, const std::string& ours, const std::string& theirs) {
    const Index d = design.d_model;
    const std::string own = theirs + ".embed_tokens.weight";
    taking.take(ours + ".embedding.weight", taking.has("shared.weight") ? "shared.weight" : own, {t5.vocabulary, d});
    taking.take(ours + ".position.bias", theirs + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight",
                {t5.buckets, design.heads});
    for (Index l = 0; l < design.layers; ++l) {
        const std::string layer = fmt::format("{}.{}", ours, l), block = fmt::format("{}.block.{}.layer.", theirs, l);
        int part = 0;
        take_attention(taking, layer + ".self", block + "0.SelfAttention", design);
        taking.norm(layer + ".norm1", block + "0.layer_norm", d, true);
        if (design.cross) {
            ++part;
            take_attention(taking, layer + ".cross", block + "1.EncDecAttention", design);
            taking.norm(layer + ".norm2", block + "1.layer_norm", d, true);
        }
        ++part;
        const std::string feed_forward = fmt::format("{}{}.DenseReluDense.", block, part);
        if (design.gated) taking.linear(layer + ".feed_forward.gate", feed_forward + "wi_0", design.d_ff, d, false);
        taking.linear(layer + ".feed_forward.in", feed_forward + (design.gated ? "wi_1" : "wi"), design.d_ff, d, false);
        taking.linear(layer + ".feed_forward.out", feed_forward + "wo", d, design.d_ff, false);
        taking.norm(fmt::format("{}.norm{}", layer, part + 1), fmt::format("{}{}.layer_norm", block, part), d, true);
    }
    taking.norm(ours + ".norm", theirs + ".final_layer_norm", d, true);
}

MappedModel map_t5(CheckpointFolder& folder, const JsonObject& config) {
    const T5 t5 = read_config(config, folder.path);
    MappedModel model;
    Taking taking(folder, {"transformer."}, model.weights, &model.stored);
    if (!taking.has("decoder.final_layer_norm.weight")) {  // saved as an encoder alone
        model.design = t5.encoder;
        take_stack(taking, t5, t5.encoder, "stack", "encoder");
        return model;
    }
    model.design = t5.decoder;
    model.read_out = ReadOut::next_token;
    model.source = SourceSide{.encoder = t5.encoder};
    read_writing(folder, config, 0, 1, t5.vocabulary, *model.source);
    take_stack(taking, t5, t5.encoder, "encoder", "encoder");
    take_stack(taking, t5, t5.decoder, "stack", "decoder");
    model.scaled_read_out = t5.scaled;
    const bool own_table = !t5.tied || (!t5.scaled && taking.has("lm_head.weight"));
    if (own_table) taking.take("head.weight", "lm_head.weight", {t5.vocabulary, t5.decoder.d_model});
    return model;
}

}  // namespace

Family t5_family() {
    return {"t5", "T5", "Raffel 2020", map_t5};
}

}  // namespace saccade
