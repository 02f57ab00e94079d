#include <fmt/core.h>

#include "base/error.hpp"
#include "checkpoint/family.hpp"
#include "checkpoint/rotary_config.hpp"

// GPT-NeoX (Black 2022, "GPT-NeoX-20B", section 2.1), which Pythia (Biderman 2023) is: attention and feed-forward side by side,
// rotary positions on a part of each head, queries, keys and values of a head in one block of rows.

namespace saccade {

namespace {

MappedModel map_gpt_neox(CheckpointFolder& folder, const JsonObject& config) {
    Index vocabulary = 50432;
    MappedModel model{.design = {.layers = 44,
                                 .heads = 64,
                                 .d_model = 6144,
                                 .d_ff = 24576,
                                 .norm = "pre",
                                 .position = "rotary",
                                 .causal = true,
                                 .scaled_embedding = false},
                      .read_out = ReadOut::next_token,
                      .longest = 2048};
    StackDesign& design = model.design;
    config.whole("num_hidden_layers", design.layers, Index{1}, Index{1024});
    config.whole("num_attention_heads", design.heads, Index{1}, Index{4096});
    config.whole("hidden_size", design.d_model, Index{1}, Index{65536});
    config.whole("intermediate_size", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("vocab_size", vocabulary, Index{1}, Index{1} << 24);
    config.whole("max_position_embeddings", model.longest, Index{1}, Index{1} << 30);
    config.number("layer_norm_eps", design.norm_epsilon, 0, 1);
    const double share = rotary_share_of(config, "rotary_pct", 0.25);
    design.parallel = true;
    config.toggle("use_parallel_residual", design.parallel);
    config.toggle("attention_bias", design.bias);
    design.activation = activation_of(config, "hidden_act", "gelu", folder.path);
    require_fitting(design, {"hidden_size", "num_attention_heads", "layer_norm_eps"}, folder.path);

    const Index d = design.d_model, units = units_of(design);
    const auto turned = static_cast<Index>(static_cast<double>(units) * share);
    if (turned % 2 != 0)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: {} units of each head turn, and they turn in pairs", folder.path, turned),
                    "rotary_pct times the units of a head must be even");
    Taking taking(folder, {"gpt_neox."}, model.weights, &model.stored);
    taking.take("stack.embedding.weight", "embed_in.weight", {vocabulary, d});
    taking.give("stack.position.frequency", rotary_of(config, units, turned, folder.path, "rotary_emb_base"));
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("layers.{}", l);
        for (const char* what : {".weight", ".bias"}) {
            const bool bias = std::string(what) == ".bias";
            if (bias && !design.bias) continue;
            const Shape whole = bias ? Shape{3 * d} : Shape{3 * d, d}, own = bias ? Shape{d} : Shape{d, d};
            const Tensor<float> all = taking.tensor(theirs + ".attention.query_key_value" + what, whole);
            const Index block = all.size() / (3 * design.heads);
            Index at = 0;
            for (const char* part : {"query", "key", "value"}) {
                Tensor<float> values = Tensor<float>::uninitialized(own);
                for (Index h = 0; h < design.heads; ++h)
                    std::copy_n(all.data() + (3 * h + at) * block, block, values.data() + h * block);
                taking.give(fmt::format("{}.self.{}{}", ours, part, what),
                            at < 2 ? paired_units(values, units, turned) : values);
                ++at;
            }
        }
        taking.linear(ours + ".self.output", theirs + ".attention.dense", d, d, design.bias);
        taking.linear(ours + ".feed_forward.in", theirs + ".mlp.dense_h_to_4h", design.d_ff, d);
        taking.linear(ours + ".feed_forward.out", theirs + ".mlp.dense_4h_to_h", d, design.d_ff);
        taking.norm(ours + ".norm1", theirs + ".input_layernorm", d);
        taking.norm(ours + ".norm2", theirs + ".post_attention_layernorm", d);
    }
    taking.norm("stack.norm", "final_layer_norm", d);
    bool tied = false;
    config.toggle("tie_word_embeddings", tied);
    if (!tied && taking.has("embed_out.weight")) taking.take("head.weight", "embed_out.weight", {vocabulary, d});
    if (!tied && !taking.has("embed_out.weight")) model.read_out = ReadOut::none;
    return model;
}

}  // namespace

Family gpt_neox_family() {
    return {"gpt_neox", "GPT-NeoX", "Black 2022", map_gpt_neox};
}

}  // namespace saccade
