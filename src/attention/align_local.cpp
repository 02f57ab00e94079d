#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/align_common.hpp"
#include "attention/mask.hpp"
#include "autograd/ops.hpp"

// Luong, Pham and Manning 2015, section 3.2: local attention. Local-m puts the window about p_i = i, local-p predicts p_i.

namespace saccade {

template <class T>
Tensor<T> local_mask(std::span<const T> centres, Index n_keys, double window) {
    Tensor<T> mask(Shape{static_cast<Index>(centres.size()), n_keys});
    T* at = mask.data();
    for (const T centre : centres) {
        // However narrow, the window holds the key that the centre is nearest to.
        const double p = static_cast<double>(centre);
        const double nearest = std::floor(p + 0.5);
        for (Index j = 0; j < n_keys; ++j, ++at) {
            const auto key = static_cast<double>(j);
            if (!(std::abs(key - p) <= window) && key != nearest) *at = -std::numeric_limits<T>::infinity();
        }
    }
    return mask;
}

template <class T>
Var<T> predicted_centres(const Var<T>& state, const Var<T>& weight, const Var<T>& vector, const Tensor<T>& lengths) {
    const Var<T> hidden = tanh(affine(state, weight, {}));
    return mul(sigmoid(sum(mul(hidden, vector), -1)), Var<T>(lengths));
}

template <class T>
Var<T> align_local_p(const Var<T>& scores, const Var<T>& centres, const Tensor<T>& mask, double window, double temperature) {
    const Var<T> inside = align_softmax(scores, mask, temperature);
    // Without a width there is nothing to weigh: sigma infinite leaves the softmax, sigma 0 the nearest key, whose factor is
    // the limit of a Gaussian that is 1 at its own centre.
    if (window == 0 || std::isinf(window)) return inside;
    const Index n = scores.shape()[-1];
    Tensor<T> positions(Shape{n});
    for (Index j = 0; j < n; ++j) positions.data()[j] = static_cast<T>(j);
    const Var<T> distance = sub(Var<T>(positions), reshape(centres, {centres.shape()[0], 1}));
    const double sigma = window / 2;
    // However narrow: finite, so that a distance of 0 stays 0.
    const double sharpness = std::min(1 / (2 * sigma * sigma), static_cast<double>(std::numeric_limits<T>::max()));
    return mul(inside, exp(scale(mul(distance, distance), static_cast<T>(-sharpness))));
}

#define SACCADE_INSTANTIATE(T)                                                                        \
    template Tensor<T> local_mask(std::span<const T>, Index, double);                                 \
    template Var<T> predicted_centres(const Var<T>&, const Var<T>&, const Var<T>&, const Tensor<T>&); \
    template Var<T> align_local_p(const Var<T>&, const Var<T>&, const Tensor<T>&, double, double);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

namespace {

/// The same of both: the window about the centres, with what the call's own mask hides.
template <class T>
Tensor<T> window_about(const Var<T>& centres, const AlignCall<T>& call, double window, const AlignText& text,
                       const std::string& source, const Observer& observe) {
    const Tensor<T> own = local_mask<T>(std::span<const T>(centres.value().values()), call.scores.shape()[-1], window);
    const Tensor<T> mask = observe("mask", own, [&] {
        // A rule knows no infinity as a number: a window without an edge is wider than any source.
        const double width = std::isinf(window) ? 1e9 : window;
        return Shown{
            .role = Role::mask,
            .symbol = "m",
            .title = "Window (mask)",
            .axes = text.axes,
            .step = {
                "window", "m_ij = 0 within D of p_i, and where p_i rounds to j; −∞ elsewhere",
                fmt::format("@mask[i,j] = where((abs(j - @centres[i]) <= {}) + (j == floor(@centres[i] + 0.5)) > 0, 0, -inf)",
                            width),
                source}};
    });
    return call.mask.empty() ? mask : combine_masks(mask, call.mask);
}

/// What is said of the centres.
Shown centres_shown(const AlignText& text, How step, std::vector<Parameter> parameters = {}) {
    return {.role = Role::state,
            .symbol = "p",
            .title = "Centres of the window",
            .unit = "position",
            .axes = {text.axes[0]},
            .step = std::move(step),
            .parameters = std::move(parameters)};
}

constexpr const char* local_m_equation = "α_ij = softmax_j(e_ij / τ) over |j − i| ≤ D";
constexpr const char* local_m_source = "Luong 2015, section 3.2";

template <class T>
class LocalMAlign : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const override {
        const Tensor<T> here(Shape{call.scores.shape()[0]}, static_cast<T>(call.step));
        const Var<T> centres = observe("centres", Var<T>(here), [&] {
            return centres_shown(text, {"centre", "p_i = i", "@centres[i] = i", local_m_source});
        });
        const AlignSettings& a = this->settings();
        return {
            align_softmax(call.scores, window_about(centres, call, a.window, text, local_m_source, observe), a.temperature)};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        return {text.operation, local_m_equation, "@weights[i,j] = " + softmax_rule(this->settings().temperature, true),
                local_m_source};
    }
};

constexpr const char* local_p_equation = "α_ij = softmax_j(e_ij / τ) exp(−(j − p_i)² / 2σ²) over |j − p_i| ≤ D, σ = D/2";
constexpr const char* local_p_source = "Luong 2015, eq. 9 and 10";

template <class T>
class LocalPAlign : public Align<T> {
 public:
    LocalPAlign(const AlignSettings& settings, const FunctionParameters<T>& parameters)
        : Align<T>(settings), weight_(parameters("centre.weight")), vector_(parameters("centre.vector")) {}

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const override {
        const Var<T> centres = observe("centres", predicted_centres(call.state, weight_, vector_, call.lengths), [&] {
            return centres_shown(text,
                                 {"centre", "p_i = n σ(v_p · tanh(W_p " + text.s + "))",
                                  fmt::format("@centres[i] = {} * sigmoid(sum_b(@attention.centre.vector[b] * "
                                              "tanh(sum_k(@attention.centre.weight[b,k] * {}))))",
                                              static_cast<Index>(call.lengths.data()[0]), text.state('k')),
                                  "Luong 2015, eq. 9"},
                                 {{"@attention.centre.weight", "W_p", {"centre", "state"}, weight_},
                                  {"@attention.centre.vector", "v_p", {"centre"}, vector_}});
        });
        const AlignSettings& a = this->settings();
        const Tensor<T> mask = window_about(centres, call, a.window, text, local_p_source, observe);
        return {align_local_p(call.scores, centres, mask, a.window, a.temperature)};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        const AlignSettings& a = this->settings();
        const bool gaussian = a.window > 0 && std::isfinite(a.window);
        const std::string factor =
            gaussian ? fmt::format(" * exp(-square(j - @centres[i]) / {})", 2 * (a.window / 2) * (a.window / 2)) : "";
        return {text.operation, local_p_equation, "@weights[i,j] = " + softmax_rule(a.temperature, true) + factor,
                local_p_source, !gaussian};
    }

 private:
    Var<T> weight_, vector_;
};

}  // namespace

AlignFunction local_m_align_function() {
    return {.id = "local_m",
            .title = "Local-m",
            .equation = local_m_equation,
            .source = local_m_source,
            .make = make_align_of<LocalMAlign, float>,
            .make_double = make_align_of<LocalMAlign, double>,
            .local = true};
}

AlignFunction local_p_align_function() {
    return {.id = "local_p",
            .title = "Local-p",
            .equation = local_p_equation,
            .source = local_p_source,
            .make = make_align_of<LocalPAlign, float>,
            .make_double = make_align_of<LocalPAlign, double>,
            .parameters =
                [](const AlignSizes& s) {
                    return std::vector<FunctionParameter>{{"centre.weight", "W_p", {s.hidden, s.state}, {"centre", "state"}},
                                                          {"centre.vector", "v_p", {s.hidden}, {"centre"}}};
                },
            .local = true};
}

}  // namespace saccade
