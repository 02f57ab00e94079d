#include <fmt/core.h>

#include "base/error.hpp"
#include "checkpoint/family.hpp"

// BERT (Devlin 2018) and RoBERTa (Liu 2019): encoders whose norms stand behind the sums, words, positions and types added and
// normalised, and a layer before the table that says which word stands there.

namespace saccade {

namespace {

struct Bert {
    StackDesign design{
        .layers = 12, .heads = 12, .d_model = 768, .d_ff = 3072, .norm = "post", .position = "learned", .causal = false};
    Index vocabulary = 30522, positions = 512, types = 2;
    bool tied = true;
};

Bert read_config(const JsonObject& config, const std::string& where) {
    Bert bert;
    StackDesign& design = bert.design;
    config.whole("num_hidden_layers", design.layers, Index{1}, Index{1024});
    config.whole("num_attention_heads", design.heads, Index{1}, Index{4096});
    config.whole("hidden_size", design.d_model, Index{1}, Index{65536});
    config.whole("intermediate_size", design.d_ff, Index{1}, Index{1} << 20);
    config.whole("vocab_size", bert.vocabulary, Index{1}, Index{1} << 24);
    config.whole("max_position_embeddings", bert.positions, Index{1}, Index{1} << 24);
    config.whole("type_vocab_size", bert.types, Index{0}, Index{1024});
    design.norm_epsilon = 1e-12;
    config.number("layer_norm_eps", design.norm_epsilon, 0, 1);
    std::string kind = "absolute";
    config.text("position_embedding_type", kind, 64);
    if (kind != "absolute")
        throw Error(ErrorCode::unsupported, fmt::format("{}: its positions are '{}'", where, kind), "absolute positions open");
    bool decoder = false;
    config.toggle("is_decoder", decoder);
    if (decoder)
        throw Error(ErrorCode::unsupported, where + ": config.json says true of is_decoder", "encoders of this family open");
    design.activation = activation_of(config, "hidden_act", "gelu", where);
    config.toggle("tie_word_embeddings", bert.tied);
    design.scaled_embedding = false;
    design.embedding_norm = true;
    require_fitting(design, {"hidden_size", "num_attention_heads", "layer_norm_eps"}, where);
    return bert;
}

/// The stack; `skipped`: positions at the start of the table that no token has.
void take_stack(Taking& taking, const Bert& bert, Index skipped) {
    const StackDesign& design = bert.design;
    const Index d = design.d_model;
    taking.take("stack.embedding.weight", "embeddings.word_embeddings.weight", {bert.vocabulary, d});
    taking.give("stack.position.table",
                rows_of_matrix(taking.tensor("embeddings.position_embeddings.weight", {bert.positions, d}), skipped,
                               bert.positions - skipped));
    if (bert.types > 0) taking.take("stack.types.weight", "embeddings.token_type_embeddings.weight", {bert.types, d});
    taking.norm("stack.embedding_norm", "embeddings.LayerNorm", d);
    for (Index l = 0; l < design.layers; ++l) {
        const std::string ours = fmt::format("stack.{}", l), theirs = fmt::format("encoder.layer.{}", l);
        for (const char* part : {"query", "key", "value"})
            taking.linear(fmt::format("{}.self.{}", ours, part), fmt::format("{}.attention.self.{}", theirs, part), d, d);
        taking.linear(ours + ".self.output", theirs + ".attention.output.dense", d, d);
        taking.norm(ours + ".norm1", theirs + ".attention.output.LayerNorm", d);
        taking.linear(ours + ".feed_forward.in", theirs + ".intermediate.dense", design.d_ff, d);
        taking.linear(ours + ".feed_forward.out", theirs + ".output.dense", d, design.d_ff);
        taking.norm(ours + ".norm2", theirs + ".output.LayerNorm", d);
    }
}

/// What says which word stands there, if the folder holds it: a layer, a norm, and the bias of the table.
void take_read_out(Taking& taking, MappedModel& model, Index vocabulary, const std::string& dense, const std::string& norm,
                   const std::string& bias, const std::string& table, bool tied) {
    const Index d = model.design.d_model;
    if (!taking.has(dense + ".weight")) return;
    model.read_out = ReadOut::masked_token;
    taking.linear("head.transform", dense, d, d);
    taking.norm("head.norm", norm, d);
    taking.take("head.bias", taking.has(bias) ? bias : table.substr(0, table.rfind('.')) + ".bias", {vocabulary});
    if (!tied) taking.take("head.weight", table, {vocabulary, d});
}

MappedModel map_bert(CheckpointFolder& folder, const JsonObject& config) {
    const Bert bert = read_config(config, folder.path);
    MappedModel model{.design = bert.design, .longest = bert.positions};
    Taking taking(folder, {"bert."}, model.weights, &model.stored);
    take_stack(taking, bert, 0);
    model.read_out_activation = bert.design.activation;
    take_read_out(taking, model, bert.vocabulary, "cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm",
                  "cls.predictions.bias", "cls.predictions.decoder.weight", bert.tied);
    return model;
}

MappedModel map_roberta(CheckpointFolder& folder, const JsonObject& config) {
    const Bert bert = read_config(config, folder.path);
    // Positions count from behind the padding's id (fairseq).
    Index padding = 1;
    config.whole("pad_token_id", padding, Index{0}, bert.positions - 2);
    const Index skipped = padding + 1;
    MappedModel model{.design = bert.design, .longest = bert.positions - skipped};
    Taking taking(folder, {"roberta."}, model.weights, &model.stored);
    take_stack(taking, bert, skipped);
    model.read_out_activation = "gelu";
    take_read_out(taking, model, bert.vocabulary, "lm_head.dense", "lm_head.layer_norm", "lm_head.bias",
                  "lm_head.decoder.weight", bert.tied);
    return model;
}

}  // namespace

Family bert_family() {
    return {"bert", "BERT", "Devlin 2018", map_bert};
}

Family roberta_family() {
    return {"roberta", "RoBERTa", "Liu 2019", map_roberta};
}

}  // namespace saccade
