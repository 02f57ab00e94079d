#include "model/clip_describer.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "autograd/ops.hpp"
#include "model/card_json.hpp"

// Reading the weights, and the clips. The decoder is in clip_describer_decode.cpp.

namespace saccade {

namespace {

constexpr Index most_stride = 8;

}  // namespace

const std::vector<CaptionLayer>& clip_layers() {
    static const std::vector<CaptionLayer> all = {{16, 3, 2}, {24, 3, 2}, {48, 3, 2, 1}, {64, 3, 1}};
    return all;
}

ClipDesign clip_design(bool places) {
    ClipDesign design;
    design.places = places;
    for (const CaptionLayer& layer : clip_layers()) {
        design.encoder.strides.push_back(layer.stride);
        design.encoder.shifts.push_back(layer.shift);
    }
    return design;
}

nlohmann::json to_json(const ClipDesign& design) {
    return {{"attention", design.places ? "time and space" : "time"},
            {"strides", design.encoder.strides},
            {"shifts", design.encoder.shifts}};
}

ClipDesign clip_design_from_json(const nlohmann::json& card, const std::string& where) {
    const JsonObject found = card_object(card, where).object("design");
    std::string attention;
    found.needs({"attention"}).text("attention", attention);
    if (attention != "time" && attention != "time and space")
        throw Error(ErrorCode::bad_format, where + ": describers of clips have no attention '" + attention + "'",
                    "time, or time and space");
    ClipDesign design = clip_design(attention != "time");
    found.wholes("strides", design.encoder.strides, 1, most_stride);
    found.wholes("shifts", design.encoder.shifts, 0, most_stride);
    return design;
}

template <class T>
Tensor<T> time_codes(Index frames) {
    Tensor<T> codes(Shape{frames, time_features});
    for (Index i = 0; i < frames; ++i) {
        const double u = (2.0 * static_cast<double>(i) + 1) / static_cast<double>(frames) - 1;
        T* const code = codes.data() + i * time_features;
        for (Index f = 0; f < time_features / 2; ++f) {
            const double angle = std::numbers::pi * u * 0.5 * static_cast<double>(Index{1} << f);
            code[2 * f] = static_cast<T>(std::sin(angle));
            code[2 * f + 1] = static_cast<T>(std::cos(angle));
        }
    }
    return codes;
}

template <class T>
Tensor<T> with_motion(const Tensor<T>& clips) {
    const Shape& s = clips.shape();
    const Index pixels = s[2] * s[3], frames = s[1];
    Tensor<T> all = Tensor<T>::uninitialized({s[0] * frames, s[2], s[3], clip_channels});
    for (Index n = 0; n < s[0] * frames; ++n) {
        const T* const now = clips.data() + n * pixels * picture_channels;
        const T* const before = n % frames == 0 ? now : now - pixels * picture_channels;
        T* to = all.data() + n * pixels * clip_channels;
        for (Index p = 0; p < pixels; ++p, to += clip_channels)
            for (Index c = 0; c < picture_channels; ++c) {
                const Index at = p * picture_channels + c;
                to[c] = now[at];
                to[picture_channels + c] = (now[at] - before[at]) / 2 + T(0.5);
            }
    }
    return all;
}

template <class T>
ClipDescriber<T>::ClipDescriber(const Weights<T>& w, ClipDesign design)
    : design_(std::move(design)), encoder_(w, design_.encoder, clip_channels), align_(make_align<T>(design_.align)) {
    auto& s = sizes_;
    table_ = w.get("decoder.embedding.weight");
    const Var<T> initial = w.get("decoder.initial.weight");
    vector_ = w.get("attention.vector");
    if (table_.shape().rank() != 2 || initial.shape().rank() != 2 || table_.shape()[0] < 4 || vector_.shape().rank() != 1)
        throw Error(ErrorCode::bad_format,
                    "describer of clips: embeddings and initial state must be matrices, with at least 4 words",
                    "use a model that was trained by `saccade train`");
    s.vocabulary = table_.shape()[0];
    s.embedding = table_.shape()[1];
    s.state = initial.shape()[0];
    s.attention = vector_.shape()[0];
    s.annotation = encoder_.annotation_size() + time_features;
    if (!design_.places) {
        const Var<T> bias = w.get("encoder.join.bias");
        s.frame = bias.shape()[0];
        join_ = {w.get("encoder.join.weight", {s.frame, encoder_.annotation_size()}), bias};
        s.annotation = s.frame + time_features;
    }
    initial_ = {w.get("decoder.initial.weight", {s.state, s.annotation}), w.get("decoder.initial.bias", {s.state})};
    initial_cell_ = {w.get("decoder.initial_cell.weight", {s.state, s.annotation}),
                     w.get("decoder.initial_cell.bias", {s.state})};
    ask_ = {w.get("attention.query_weight", {s.attention, s.state}),
            {},
            w.get("attention.word_weight", {s.attention, s.embedding})};
    keys_ = {w.get("attention.key_weight", {s.attention, s.annotation}), w.get("attention.key_bias", {s.attention})};
    cell_ = {w, "decoder", CellKind::lstm, s.embedding, s.state};
    context_weight_ = w.get("decoder.context_weight", {4 * s.state, s.annotation});
    readout_state_ = w.get("readout.state_weight", {s.embedding, s.state});
    readout_context_ = w.get("readout.context_weight", {s.embedding, s.annotation});
    readout_bias_ = w.get("readout.hidden_bias", {s.embedding});
    readout_ = {w.get("readout.weight", {classes(), s.embedding}), w.get("readout.bias", {classes()})};
}

template <class T>
Var<T> ClipDescriber<T>::annotate(const Tensor<T>& clips, const Observer& observe, const std::stop_token& stop,
                                  Encoded& into) const {
    const Shape& s = clips.shape();
    if (s.rank() != 5 || s[4] != picture_channels || s[1] < 1)
        throw Error(ErrorCode::invalid_input, "describer of clips: clips of shape " + s.str() + " cannot be read",
                    "frames of one size are needed, with three channels");
    const Index batch = s[0], frames = s[1];
    const auto read = encoder_(Var<T>(with_motion(clips)), {}, stop);
    const Index cells = read.height * read.width, features = encoder_.annotation_size();
    into.frames = frames;
    Var<T> seen;
    Index each = cells;
    if (design_.places) {
        into.height = read.height;
        into.width = read.width;
        seen = reshape(read.vectors, {batch, frames * cells, features});
    } else {
        each = 1;
        const Var<T> largest = max(read.vectors, 1);
        const Var<T> map = observe("features", reshape(largest, {batch, frames, features}), [] {
            return Shown{.symbol = "m",
                         .title = "Features of each frame",
                         .axes = {"frame", "feature"},
                         .step = {"encode", "m_i = max over places of CNN(I_i, I_i − I_(i−1))", "", "Yao 2015, section 3.1"}};
        });
        seen = relu(join_(map));
    }
    const Tensor<T> codes = time_codes<T>(frames);
    Tensor<T> times = Tensor<T>::uninitialized({batch, frames * each, time_features});
    for (Index n = 0; n < batch * frames * each; ++n)
        std::copy_n(codes.data() + (n / each) % frames * time_features, time_features, times.data() + n * time_features);
    const Var<T> parts[] = {seen, times};
    return concat<T>(parts, 2);
}

template <class T>
void ClipDescriber<T>::initialise(const Observer& observe, Encoded& e) const {
    const Var<T> all = mean(e.annotations, 1);
    const std::string over = "mean_j(@annotations[j,n])";
    e.initial.h = observe("decoder.initial", tanh(initial_(all)), [&] {
        return Shown{.symbol = "h₀",
                     .title = "Decoder: initial state",
                     .axes = {"state"},
                     .step = {"initialise", "h_0 = tanh(W_h0 mean_j v_j + b)",
                              "@decoder.initial[k] = tanh(sum_n(@decoder.initial.weight[k,n] * " + over +
                                  ") + @decoder.initial.bias[k])",
                              "Xu 2015, section 3.1.2"},
                     .parameters = {{"@decoder.initial.weight", "W_h0", {"state", "channel"}, initial_.weight},
                                    {"@decoder.initial.bias", "b", {"state"}, initial_.bias}}};
    });
    e.initial.c = observe("decoder.initial_cell", initial_cell_(all), [&] {
        return Shown{.symbol = "c₀",
                     .title = "Decoder: initial cell",
                     .axes = {"state"},
                     .step = {"initialise", "c_0 = W_c0 mean_j v_j + b'",
                              "@decoder.initial_cell[k] = sum_n(@decoder.initial_cell.weight[k,n] * " + over +
                                  ") + @decoder.initial_cell.bias[k]",
                              "Xu 2015, section 3.1.2"},
                     .parameters = {{"@decoder.initial_cell.weight", "W_c0", {"state", "channel"}, initial_cell_.weight},
                                    {"@decoder.initial_cell.bias", "b'", {"state"}, initial_cell_.bias}}};
    });
}

template <class T>
typename ClipDescriber<T>::Encoded ClipDescriber<T>::encode(const Tensor<T>& clips, const Observer& observe,
                                                            std::stop_token stop) const {
    Encoded e;
    const Var<T> made = annotate(clips, observe, stop, e);
    e.annotations = observe("annotations", made, [&] {
        How how{"encode", "v = CNN(I_i, I_i − I_(i−1)) at each place, and behind it where and when that is", "",
                "Yao 2015, section 3.1; Liu 2018"};
        Shown shown{.role = Role::value, .symbol = "v", .title = "Annotations", .axes = {axis(), "channel"}, .step = how};
        if (!design_.places) shown.step = {"encode", "v_i = [relu(W m_i + b); when the frame is]", "", "Yao 2015, section 3.1"};
        return shown;
    });
    e.keys = observe("keys", keys_(e.annotations), [&] {
        return Shown{.role = Role::key,
                     .symbol = "k",
                     .title = "Keys",
                     .axes = {axis(), "attention"},
                     .step = {"project", "k_j = U_a v_j + b_a",
                              "@keys[j,a] = sum_n(@attention.key_weight[a,n] * @annotations[j,n]) + @attention.key_bias[a]",
                              "Yao 2015, section 3.3"},
                     .parameters = {{"@attention.key_weight", "U_a", {"attention", "channel"}, keys_.weight},
                                    {"@attention.key_bias", "b_a", {"attention"}, keys_.bias}}};
    });
    initialise(observe, e);
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

WeightMap initial_clip_weights(const ClipSizes& s, bool places, Rng& rng) {
    WeightMap w;
    Rng encoder_rng = rng.fork("encoder");
    add_caption_encoder_weights(w, encoder_rng, clip_layers(), clip_channels);
    const auto matrix = [&](const std::string& name, const Shape& shape, double spread = 1) {
        Rng own = rng.fork(name);
        w[name] = uniform(shape, own, spread);
    };
    constexpr double lively = 4;  // weights that are not flat from the start, as a captioner's
    const auto zeros = [&](const std::string& name, Index n) { w[name] = Tensor<float>(Shape{n}); };
    const Index features = clip_layers().back().channels + place_features;
    const Index annotation = (places ? features : s.frame) + time_features;
    if (!places) {
        matrix("encoder.join.weight", {s.frame, features}, 1.7);  // before a relu
        zeros("encoder.join.bias", s.frame);
    }
    Tensor<float> table(Shape{s.vocabulary, s.embedding});
    Rng words = rng.fork("words");
    for (float& v : table.values()) v = static_cast<float>(words.normal() * 0.5);
    w["decoder.embedding.weight"] = table;
    for (const std::string name : {"decoder.initial", "decoder.initial_cell"}) {
        matrix(name + ".weight", {s.state, annotation});
        zeros(name + ".bias", s.state);
    }
    matrix("attention.query_weight", {s.attention, s.state});
    matrix("attention.word_weight", {s.attention, s.embedding});
    matrix("attention.key_weight", {s.attention, annotation});
    zeros("attention.key_bias", s.attention);
    matrix("attention.vector", {s.attention}, lively);
    matrix("decoder.input_weight", {4 * s.state, s.embedding});
    matrix("decoder.hidden_weight", {4 * s.state, s.state});
    matrix("decoder.context_weight", {4 * s.state, annotation});
    zeros("decoder.input_bias", 4 * s.state);
    zeros("decoder.hidden_bias", 4 * s.state);
    matrix("readout.state_weight", {s.embedding, s.state});
    matrix("readout.context_weight", {s.embedding, annotation});
    zeros("readout.hidden_bias", s.embedding);
    matrix("readout.weight", {s.vocabulary - 2, s.embedding});
    zeros("readout.bias", s.vocabulary - 2);
    return w;
}

#define SACCADE_INSTANTIATE(T)            \
    template Tensor<T> time_codes(Index); \
    template Tensor<T> with_motion(const Tensor<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE
template class ClipDescriber<float>;
template class ClipDescriber<double>;

}  // namespace saccade
