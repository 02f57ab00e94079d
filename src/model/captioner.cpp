#include "model/captioner.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/ops.hpp"
#include "model/card_json.hpp"

// Reading the weights, and the pictures. The decoder is in captioner_decode.cpp.

namespace saccade {

namespace {

struct Attention {
    const char *name, *alignment;
    bool channels;
};
constexpr Attention attentions[] = {{"soft", "softmax", false}, {"hard", "hard_sample", false}, {"sca", "softmax", true}};

constexpr Index most_stride = 8;

}  // namespace

CaptionerDesign captioner_design(const std::string& attention) {
    const auto* found = std::ranges::find(attentions, attention, &Attention::name);
    if (found == std::end(attentions))
        throw Error(ErrorCode::bad_format, "captioners have no attention '" + attention + "'", "soft, hard or sca");
    CaptionerDesign design;
    design.align.function = found->alignment;
    design.channels = found->channels;
    return design;
}

std::string attention_of(const CaptionerDesign& design) {
    for (const Attention& a : attentions)
        if (design.align.function == a.alignment && design.channels == a.channels) return a.name;
    throw Error(ErrorCode::invalid_input, "captioners are not trained with the alignment '" + design.align.function + "'",
                "soft, hard or sca");
}

nlohmann::json to_json(const CaptionerDesign& design) {
    return {{"attention", attention_of(design)},
            {"order", design.channel_first ? "channel-spatial" : "spatial-channel"},
            {"strides", design.encoder.strides},
            {"shifts", design.encoder.shifts}};
}

CaptionerDesign captioner_design_from_json(const nlohmann::json& card, const std::string& where) {
    const JsonObject found = card_object(card, where).object("design");
    std::string attention, order = "channel-spatial";
    found.needs({"attention"}).text("attention", attention);
    found.text("order", order);
    CaptionSteps encoder = caption_steps();
    found.wholes("strides", encoder.strides, 1, most_stride);
    found.wholes("shifts", encoder.shifts, 0, most_stride);
    try {
        CaptionerDesign design = captioner_design(attention);
        design.channel_first = order == "channel-spatial";
        design.encoder = encoder;
        return design;
    } catch (const Error& e) {
        throw Error(ErrorCode::bad_format, where + ": " + e.message(), e.hint());
    }
}

template <class T>
Captioner<T>::Captioner(const Weights<T>& w, CaptionerDesign design)
    : design_(std::move(design)), encoder_(w, design_.encoder), align_(make_align<T>(design_.align)) {
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
    const auto word = [&](const std::string& name, Index units) {
        return w.has(name) ? w.get(name, {units, s.embedding}) : Var<T>();
    };
    if (!design_.channels) {
        vector_ = w.get("attention.vector");
        s.attention = vector_.shape()[0];
        ask_ = {w.get("attention.query_weight", {s.attention, s.state}), {}, word("attention.word_weight", s.attention)};
        key_weight_ = w.get("attention.key_weight", {s.attention, s.annotation});
        return;
    }
    s.attention = w.get("attention.spatial.vector").shape()[0];
    s.channel = w.get("attention.channel.vector").shape()[0];
    spatial_ = {w.get("attention.spatial.feature_weight", {s.attention, s.annotation}),
                {w.get("attention.spatial.state_weight", {s.attention, s.state}),
                 w.get("attention.spatial.feature_bias", {s.attention}), word("attention.spatial.word_weight", s.attention)},
                w.get("attention.spatial.vector", {s.attention}),
                w.get("attention.spatial.bias", {1})};
    channel_ = {w.get("attention.channel.channel_weight", {s.channel}),
                {w.get("attention.channel.state_weight", {s.channel, s.state}),
                 w.get("attention.channel.channel_bias", {s.channel}), word("attention.channel.word_weight", s.channel)},
                w.get("attention.channel.vector", {s.channel}),
                w.get("attention.channel.bias", {1})};
}

template <class T>
Var<T> Captioner<T>::keys(const Var<T>& annotations, const Observer& observe) const {
    if (design_.channels) return spatial_.keys(annotations, observe);
    return observe("keys", affine(annotations, key_weight_, Var<T>()), [&] {
        return Shown{.role = Role::key,
                     .symbol = "k",
                     .title = "Keys",
                     .axes = {"location", "attention"},
                     .step = {"project", "k_j = U_a a_j", "@keys[j,a] = sum_n(@attention.key_weight[a,n] * @annotations[j,n])",
                              "Xu 2015, eq. 4"},
                     .parameters = {{"@attention.key_weight", "U_a", {"attention", "channel"}, key_weight_}}};
    });
}

template <class T>
typename Captioner<T>::Encoded Captioner<T>::encode(const Var<T>& images, const Observer& observe, std::stop_token stop) const {
    const auto read = encoder_(images, observe, std::move(stop));
    Encoded e;
    e.height = read.height;
    e.width = read.width;
    e.annotations = read.vectors;
    // Of gated features there are other keys at every step.
    if (!design_.channels || !design_.channel_first) e.keys = keys(e.annotations, observe);
    const Var<T> all = mean(e.annotations, 1);
    e.initial.h = observe("decoder.initial", tanh(initial_(all)), [&] {
        return Shown{.symbol = "h₀",
                     .title = "Decoder: initial state",
                     .axes = {"state"},
                     .step = {"initialise", "h_0 = tanh(W_h mean_j a_j + b_h)",
                              "@decoder.initial[k] = tanh(sum_n(@decoder.initial.weight[k,n] * mean_j(@annotations[j,n])) + "
                              "@decoder.initial.bias[k])",
                              "Xu 2015, section 3.1.2"},
                     .parameters = {{"@decoder.initial.weight", "W_h", {"state", "channel"}, initial_.weight},
                                    {"@decoder.initial.bias", "b_h", {"state"}, initial_.bias}}};
    });
    e.initial.c = observe("decoder.initial_cell", initial_cell_(all), [&] {
        return Shown{.symbol = "c₀",
                     .title = "Decoder: initial cell",
                     .axes = {"state"},
                     .step = {"initialise", "c_0 = W_c mean_j a_j + b_c",
                              "@decoder.initial_cell[k] = sum_n(@decoder.initial_cell.weight[k,n] * mean_j(@annotations[j,n])) "
                              "+ @decoder.initial_cell.bias[k]",
                              "Xu 2015, section 3.1.2"},
                     .parameters = {{"@decoder.initial_cell.weight", "W_c", {"state", "channel"}, initial_cell_.weight},
                                    {"@decoder.initial_cell.bias", "b_c", {"state"}, initial_cell_.bias}}};
    });
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
    if (design.channels) {
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
