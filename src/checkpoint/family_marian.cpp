#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/position.hpp"
#include "base/error.hpp"
#include "checkpoint/family.hpp"
#include "checkpoint/rotary_config.hpp"
#include "checkpoint/writing_config.hpp"

// Marian (Junczys-Dowmunt 2018, "Marian: fast neural machine translation in C++"), the translators of OPUS-MT (Tiedemann and
// Thottingal 2020): the encoder-decoder of Vaswani 2017, post-norm, sines and cosines as positions, all sines first; one table
// of words or two, and a bias of the logits. The decoder begins with the padding token.

namespace saccade {

namespace {

struct Marian {
    StackDesign encoder, decoder;
    Index source_vocabulary = 58101, vocabulary = 58101, positions = 1024;
    bool shared = true, tied = true;
};

Marian read_config(const JsonObject& config, const std::string& where) {
    Marian marian;
    StackDesign usual{.layers = 12,
                      .heads = 16,
                      .d_model = 1024,
                      .d_ff = 4096,
                      .norm = "post",
                      .position = "sinusoidal-halves",
                      .scaled_embedding = false};
    config.whole("d_model", usual.d_model, Index{1}, Index{65536});
    config.toggle("scale_embedding", usual.scaled_embedding);
    usual.activation = activation_of(config, "activation_function", "gelu", where);
    marian.encoder = marian.decoder = usual;
    marian.decoder.causal = marian.decoder.cross = true;
    for (const auto& [side, design] : {std::pair("encoder", &marian.encoder), std::pair("decoder", &marian.decoder)}) {
        const std::string name = side;
        config.whole((name + "_layers").c_str(), design->layers, Index{1}, Index{1024});
        config.whole((name + "_attention_heads").c_str(), design->heads, Index{1}, Index{4096});
        config.whole((name + "_ffn_dim").c_str(), design->d_ff, Index{1}, Index{1} << 20);
        require_fitting(*design, {"d_model", (name + "_attention_heads").c_str(), ""}, where);
    }
    config.whole("vocab_size", marian.source_vocabulary, Index{1}, Index{1} << 24);
    marian.vocabulary = marian.source_vocabulary;
    whole_or_null(config, "decoder_vocab_size", marian.vocabulary, 1, Index{1} << 24);
    config.whole("max_position_embeddings", marian.positions, Index{1}, Index{1} << 24);
    config.toggle("share_encoder_decoder_embeddings", marian.shared);
    config.toggle("tie_word_embeddings", marian.tied);
    const std::string hint = "the translators of OPUS-MT open as they were published";
    for (const char* key : {"normalize_before", "normalize_embedding", "add_final_layer_norm", "is_decoder"})
        require_usual(config, key, false, where, hint);
    for (const char* key : {"static_position_embeddings", "is_encoder_decoder"}) require_usual(config, key, true, where, hint);
    if (marian.shared && marian.vocabulary != marian.source_vocabulary)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: config.json has one table for both sides, of {} and of {} rows", where,
                                marian.source_vocabulary, marian.vocabulary),
                    "use the config.json that was saved with these weights");
    return marian;
}

void take_attention(Taking& taking, const std::string& ours, const std::string& theirs, Index d) {
    for (const auto& [name, part] : {std::pair("query", "q_proj"), std::pair("key", "k_proj"), std::pair("value", "v_proj"),
                                     std::pair("output", "out_proj")})
        taking.linear(fmt::format("{}.{}", ours, name), fmt::format("{}.{}", theirs, part), d, d);
}

/// Some folders hold the positions, too; they are what they are computed as.
void require_sinusoids(Taking& taking, const std::string& name, const Marian& marian, const std::string& where) {
    if (!taking.has(name)) return;
    const Index d = marian.encoder.d_model;
    const Tensor<float> stored = taking.tensor(name, {marian.positions, d});
    const Tensor<float> computed = sinusoidal_code<float>(0, marian.positions, d, true);
    const auto same = [](float a, float b) { return std::abs(a - b) < 1e-2f; };
    if (!std::ranges::equal(stored.values(), computed.values(), same))
        throw Error(ErrorCode::unsupported, fmt::format("{}: '{}' holds other positions than sines and cosines", where, name),
                    "the translators of OPUS-MT open as they were published");
}

void take_stack(Taking& taking, const Marian& marian, const StackDesign& design, const std::string& ours,
                const std::string& theirs, const std::string& where) {
    const Index d = design.d_model;
    const std::string own = theirs + ".embed_tokens.weight";
    taking.take(ours + ".embedding.weight", marian.shared && taking.has("shared.weight") ? "shared.weight" : own,
                {design.cross ? marian.vocabulary : marian.source_vocabulary, d});
    require_sinusoids(taking, theirs + ".embed_positions.weight", marian, where);
    for (Index l = 0; l < design.layers; ++l) {
        const std::string layer = fmt::format("{}.{}", ours, l), block = fmt::format("{}.layers.{}", theirs, l);
        int norm = 0;
        take_attention(taking, layer + ".self", block + ".self_attn", d);
        taking.norm(fmt::format("{}.norm{}", layer, ++norm), block + ".self_attn_layer_norm", d);
        if (design.cross) {
            take_attention(taking, layer + ".cross", block + ".encoder_attn", d);
            taking.norm(fmt::format("{}.norm{}", layer, ++norm), block + ".encoder_attn_layer_norm", d);
        }
        taking.linear(layer + ".feed_forward.in", block + ".fc1", design.d_ff, d);
        taking.linear(layer + ".feed_forward.out", block + ".fc2", d, design.d_ff);
        taking.norm(fmt::format("{}.norm{}", layer, ++norm), block + ".final_layer_norm", d);
    }
}

MappedModel map_marian(CheckpointFolder& folder, const JsonObject& config) {
    const Marian marian = read_config(config, folder.path);
    MappedModel model{.design = marian.decoder,
                      .read_out = ReadOut::next_token,
                      .longest = marian.positions,
                      .source = SourceSide{.encoder = marian.encoder}};
    read_writing(folder, config, marian.vocabulary - 1, 0, marian.vocabulary, *model.source);
    Taking taking(folder, {"model."}, model.weights, &model.stored);
    take_stack(taking, marian, marian.encoder, "encoder", "encoder", folder.path);
    take_stack(taking, marian, marian.decoder, "stack", "decoder", folder.path);
    if (!marian.tied) taking.take("head.weight", "lm_head.weight", {marian.vocabulary, marian.decoder.d_model});
    if (taking.has("final_logits_bias"))
        taking.give("head.bias", taking.tensor("final_logits_bias", {1, marian.vocabulary}).reshape({marian.vocabulary}));
    return model;
}

}  // namespace

Family marian_family() {
    return {"marian", "Marian", "Junczys-Dowmunt 2018", map_marian};
}

}  // namespace saccade
