#include <fmt/core.h>

#include "checkpoint/family.hpp"

// DistilBERT (Sanh 2019): BERT of half the layers, without types.

namespace saccade {

namespace {

MappedModel map_distilbert(CheckpointFolder& folder, const JsonObject& config) {
    Index vocabulary = 30522;
    MappedModel model{.design = {.layers = 6, .heads = 12, .d_model = 768, .d_ff = 3072, .norm = "post", .position = "learned"},
                      .longest = 512};
    StackDesign& design = model.design;
    config.whole("n_layers", design.layers, Index{1}, Index{1024});
    config.whole("n_heads", design.heads, Index{1}, Index{4096});
    config.whole("dim", design.d_model, Index{1}, Index{65536});
    config.whole("hidden_dim", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("vocab_size", vocabulary, Index{1}, Index{1} << 24);
    config.whole("max_position_embeddings", model.longest, Index{1}, Index{1} << 24);
    design.activation = activation_of(config, "activation", "gelu", folder.path);
    design.norm_epsilon = 1e-12;
    design.scaled_embedding = false;
    design.embedding_norm = true;
    require_fitting(design, {"dim", "n_heads", ""}, folder.path);

    const Index d = design.d_model;
    Taking taking(folder, {"distilbert."}, model.weights, &model.stored);
    taking.take("stack.embedding.weight", "embeddings.word_embeddings.weight", {vocabulary, d});
    taking.take("stack.position.table", "embeddings.position_embeddings.weight", {model.longest, d});
    taking.norm("stack.embedding_norm", "embeddings.LayerNorm", d);
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("transformer.layer.{}", l);
        taking.linear(ours + ".self.query", theirs + ".attention.q_lin", d, d);
        taking.linear(ours + ".self.key", theirs + ".attention.k_lin", d, d);
        taking.linear(ours + ".self.value", theirs + ".attention.v_lin", d, d);
        taking.linear(ours + ".self.output", theirs + ".attention.out_lin", d, d);
        taking.norm(ours + ".norm1", theirs + ".sa_layer_norm", d);
        taking.linear(ours + ".feed_forward.in", theirs + ".ffn.lin1", design.d_ff, d);
        taking.linear(ours + ".feed_forward.out", theirs + ".ffn.lin2", d, design.d_ff);
        taking.norm(ours + ".norm2", theirs + ".output_layer_norm", d);
    }
    if (!taking.has("vocab_transform.weight")) return model;
    model.read_out = ReadOut::masked_token;
    model.read_out_activation = design.activation;
    taking.linear("head.transform", "vocab_transform", d, d);
    taking.norm("head.norm", "vocab_layer_norm", d);
    taking.take("head.bias", "vocab_projector.bias", {vocabulary});
    if (taking.has("vocab_projector.weight")) taking.take("head.weight", "vocab_projector.weight", {vocabulary, d});
    return model;
}

}  // namespace

Family distilbert_family() {
    return {"distilbert", "DistilBERT", "Sanh 2019", map_distilbert};
}

}  // namespace saccade
