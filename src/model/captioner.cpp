#include "model/captioner.hpp"

#include <fmt/core.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "model/captioner_sites.hpp"

// Reading the weights, and the pictures. The decoder is in captioner_decode.cpp.

namespace saccade {

std::string to_string(CaptionAttention attention) {
    return attention == CaptionAttention::soft ? "soft" : attention == CaptionAttention::hard ? "hard" : "sca";
}

nlohmann::json to_json(const CaptionerDesign& design) {
    return {{"attention", to_string(design.attention)},
            {"order", design.channel_first ? "channel-spatial" : "spatial-channel"}};
}

CaptionerDesign captioner_design_from_json(const nlohmann::json& card, const std::string& where) {
    const auto found = card.find("design");
    if (found == card.end() || !found->is_object() || !found->contains("attention"))
        throw Error(ErrorCode::bad_format, where + ": the card does not say how the captioner looks (design.attention)",
                    "use the card that was written with these weights");
    CaptionerDesign design;
    const std::string attention = found->at("attention").is_string() ? found->at("attention").get<std::string>() : "";
    for (const CaptionAttention kind : {CaptionAttention::soft, CaptionAttention::hard, CaptionAttention::sca})
        if (attention == to_string(kind)) {
            design.attention = kind;
            design.channel_first = found->value("order", "channel-spatial") == std::string("channel-spatial");
            return design;
        }
    throw Error(ErrorCode::bad_format, where + ": there is no attention '" + attention + "' of captioners",
                "soft, hard or sca");
}

template <class T>
Captioner<T>::Captioner(const Weights<T>& w, CaptionerDesign design) : design_(design), encoder_(w) {
    auto& s = sizes_;
    table_ = w.get("decoder.embedding.weight");
    const Var<T> initial = w.get("decoder.initial.weight");
    if (table_.shape().rank() != 2 || initial.shape().rank() != 2 || table_.shape()[0] < 4)
        throw Error(ErrorCode::bad_format, "captioner: embeddings and initial state must be matrices, with at least 4 words",
                    "use a model that was trained by `saccade train`");
    s.vocabulary = table_.shape()[0];
    s.embedding = table_.shape()[1];
    s.state = initial.shape()[0];
    s.annotation = encoder_.annotation_size();
    initial_ = {w.get("decoder.initial.weight", {s.state, s.annotation}), w.get("decoder.initial.bias", {s.state})};
    initial_cell_ = {w.get("decoder.initial_cell.weight", {s.state, s.annotation}),
                     w.get("decoder.initial_cell.bias", {s.state})};
    load_attention(w);
    beta_ = {w.get("beta.weight", {1, s.state}), w.get("beta.bias", {1})};
    cell_ = {w, "decoder", CellKind::lstm, s.embedding, s.state};
    context_weight_ = w.get("decoder.context_weight", {4 * s.state, s.annotation});
    readout_state_ = w.get("readout.state_weight", {s.embedding, s.state});
    readout_context_ = w.get("readout.context_weight", {s.embedding, s.annotation});
    readout_ = {w.get("readout.weight", {classes(), s.embedding}), w.get("readout.bias", {classes()})};
}

template <class T>
void Captioner<T>::load_attention(const Weights<T>& w) {
    auto& s = sizes_;
    if (design_.attention != CaptionAttention::sca) {
        vector_ = w.get("attention.vector");
        s.attention = vector_.shape()[0];
        query_weight_ = w.get("attention.query_weight", {s.attention, s.state});
        key_weight_ = w.get("attention.key_weight", {s.attention, s.annotation});
        if (w.has("attention.word_weight")) word_weight_ = w.get("attention.word_weight", {s.attention, s.embedding});
        return;
    }
    s.attention = w.get("attention.spatial.vector").shape()[0];
    s.channel = w.get("attention.channel.vector").shape()[0];
    spatial_ = {w.get("attention.spatial.feature_weight", {s.attention, s.annotation}),
                w.get("attention.spatial.feature_bias", {s.attention}),
                w.get("attention.spatial.state_weight", {s.attention, s.state}),
                w.get("attention.spatial.vector", {s.attention}), w.get("attention.spatial.bias", {1})};
    channel_ = {w.get("attention.channel.channel_weight", {s.channel}), w.get("attention.channel.channel_bias", {s.channel}),
                w.get("attention.channel.state_weight", {s.channel, s.state}), w.get("attention.channel.vector", {s.channel}),
                w.get("attention.channel.bias", {1})};
    if (w.has("attention.spatial.word_weight"))
        word_weight_ = w.get("attention.spatial.word_weight", {s.attention, s.embedding});
    if (w.has("attention.channel.word_weight"))
        channel_word_weight_ = w.get("attention.channel.word_weight", {s.channel, s.embedding});
}

template <class T>
typename Captioner<T>::Encoded Captioner<T>::encode(const Var<T>& images, const CaptionShowing* showing,
                                                    std::stop_token stop) const {
    const auto read = encoder_(images, std::move(stop));
    Encoded e;
    e.height = read.height;
    e.width = read.width;
    e.annotations = reveal(showing, &CaptionerSites::annotations, -1, read.vectors);
    const bool sca = design_.attention == CaptionAttention::sca;
    if (!sca || !design_.channel_first) {
        e.keys = reveal(showing, &CaptionerSites::keys, -1,
                        sca ? spatial_.keys(e.annotations) : affine(e.annotations, key_weight_, Var<T>()));
    }
    const Var<T> all = mean(e.annotations, 1);
    e.initial.h = reveal(showing, &CaptionerSites::initial, -1, tanh(initial_(all)));
    e.initial.c = reveal(showing, &CaptionerSites::initial_cell, -1, initial_cell_(all));
    return e;
}

namespace {

Tensor<float> uniform(const Shape& shape, Rng& rng, double spread) {
    Tensor<float> t(shape);
    const double bound = spread / std::sqrt(static_cast<double>(shape[-1]));
    for (float& v : t.values()) v = static_cast<float>((2 * rng.uniform() - 1) * bound);
    return t;
}

}  // namespace

WeightMap initial_captioner_weights(const CaptionerSizes& s, const CaptionerDesign& design, Rng& rng) {
    WeightMap w;
    Rng encoder_rng = rng.fork("encoder");
    add_caption_encoder_weights(w, encoder_rng);
    const auto matrix = [&](const std::string& name, const Shape& shape, double spread = 1) {
        Rng own = rng.fork(name);
        w[name] = uniform(shape, own, spread);
    };
    // Maps that are not flat from the start: of a hundred locations that are all alike none gets a gradient to speak of.
    constexpr double lively = 4;
    const auto zeros = [&](const std::string& name, Index n) { w[name] = Tensor<float>(Shape{n}); };
    Tensor<float> table(Shape{s.vocabulary, s.embedding});
    Rng words = rng.fork("words");
    for (float& v : table.values()) v = static_cast<float>(words.normal() * 0.5);
    w["decoder.embedding.weight"] = table;
    for (const std::string name : {"decoder.initial", "decoder.initial_cell"}) {
        matrix(name + ".weight", {s.state, s.annotation});
        zeros(name + ".bias", s.state);
    }
    if (design.attention == CaptionAttention::sca) {
        matrix("attention.spatial.feature_weight", {s.attention, s.annotation});
        zeros("attention.spatial.feature_bias", s.attention);
        matrix("attention.spatial.state_weight", {s.attention, s.state});
        matrix("attention.spatial.word_weight", {s.attention, s.embedding});
        matrix("attention.spatial.vector", {s.attention}, lively);
        zeros("attention.spatial.bias", 1);
        matrix("attention.channel.channel_weight", {s.channel});
        zeros("attention.channel.channel_bias", s.channel);
        matrix("attention.channel.state_weight", {s.channel, s.state});
        matrix("attention.channel.word_weight", {s.channel, s.embedding});
        matrix("attention.channel.vector", {s.channel}, lively / 2);
        zeros("attention.channel.bias", 1);
    } else {
        matrix("attention.query_weight", {s.attention, s.state});
        matrix("attention.word_weight", {s.attention, s.embedding});
        matrix("attention.key_weight", {s.attention, s.annotation});
        matrix("attention.vector", {s.attention}, lively);
    }
    matrix("beta.weight", {1, s.state});
    w["beta.bias"] = Tensor<float>(Shape{1}, 1.0f);
    matrix("decoder.input_weight", {4 * s.state, s.embedding});
    matrix("decoder.hidden_weight", {4 * s.state, s.state});
    matrix("decoder.context_weight", {4 * s.state, s.annotation});
    zeros("decoder.input_bias", 4 * s.state);
    zeros("decoder.hidden_bias", 4 * s.state);
    matrix("readout.state_weight", {s.embedding, s.state});
    matrix("readout.context_weight", {s.embedding, s.annotation});
    matrix("readout.weight", {s.vocabulary - 2, s.embedding});
    zeros("readout.bias", s.vocabulary - 2);
    return w;
}

template class Captioner<float>;
template class Captioner<double>;

}  // namespace saccade
