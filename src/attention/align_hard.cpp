#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "attention/align_common.hpp"
#include "autograd/ops.hpp"

// Hard attention: one key per query. Xu et al. 2015, "Show, attend and tell", section 4.1.

namespace saccade {

namespace {

/// The key that gets all the weight of each row: choose(row, values) -> key; a row without any value above `nothing` stays 0.
template <class T, class Choose>
Tensor<T> one_hot_rows(const Tensor<T>& scores, T nothing, const Choose& choose) {
    Tensor<T> weights(scores.shape());
    const Index n = scores.shape()[-1];
    for (Index row = 0; n > 0 && row < scores.size() / n; ++row) {
        const std::span<const T> values(scores.data() + row * n, static_cast<std::size_t>(n));
        if (std::ranges::all_of(values, [nothing](T v) { return !(v > nothing); })) continue;
        weights.data()[row * n + choose(row, values)] = T(1);
    }
    return weights;
}

template <class T>
Tensor<T> masked(const Tensor<T>& scores, const Tensor<T>& mask) {
    return mask.empty() ? scores : add(Var<T>(scores), Var<T>(mask)).value();
}

/// One number in [0, 1) a row.
template <class T>
Tensor<T> uniform_draws(Index rows, Rng& rng) {
    Tensor<T> draws(Shape{rows});
    for (T& draw : draws.values()) draw = static_cast<T>(rng.uniform());
    return draws;
}

/// The first key up to which the probabilities exceed the row's number. What rounding leaves over is the last key's, and with a
/// mask the last one's that has a probability.
template <class T>
Tensor<T> drawn_keys(const Tensor<T>& chances, const Tensor<T>& draws, bool masked) {
    return one_hot_rows(chances, T(0), [&](Index row, std::span<const T> values) {
        const auto u = static_cast<double>(draws.data()[row]);
        double reached = 0;
        std::size_t last = 0;
        for (std::size_t j = 0; j < values.size(); ++j) {
            reached += static_cast<double>(values[j]);
            if (!masked || values[j] > T(0)) last = j;
            if (values[j] > T(0) && reached > u) break;
        }
        return static_cast<Index>(last);
    });
}

}  // namespace

template <class T>
Tensor<T> align_hard_argmax(const Tensor<T>& scores, const Tensor<T>& mask) {
    return one_hot_rows(masked(scores, mask), -std::numeric_limits<T>::infinity(), [](Index, std::span<const T> row) {
        return static_cast<Index>(std::ranges::max_element(row) - row.begin());
    });
}

template <class T>
Tensor<T> align_hard_sample(const Tensor<T>& scores, const Tensor<T>& mask, double temperature, Rng& rng) {
    const Tensor<T> chances = align_softmax(Var<T>(scores), mask, temperature).value();
    return drawn_keys(chances, uniform_draws<T>(chances.size() / chances.shape()[-1], rng), !mask.empty());
}

#define SACCADE_INSTANTIATE(T)                                                \
    template Tensor<T> align_hard_argmax(const Tensor<T>&, const Tensor<T>&); \
    template Tensor<T> align_hard_sample(const Tensor<T>&, const Tensor<T>&, double, Rng&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

namespace {

constexpr const char* argmax_source = "Xu 2015, section 4.1";

template <class T>
class HardArgmaxAlign : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText&, const Observer&) const override {
        return {align_hard_argmax(call.scores.value(), call.mask)};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        return argmax_how(text, "weights", text.symbol, argmax_source);
    }
};

template <class T>
class HardSampleAlign : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText& text, const Observer& observe) const override {
        const double temperature = this->settings().temperature;
        const Var<T> chances = observe(text.chances, align_softmax(call.scores, call.mask, temperature), [&] {
            return Shown{.role = Role::probabilities,
                         .symbol = text.chances_symbol,
                         .title = text.chances_title,
                         .unit = "probability",
                         .axes = text.axes,
                         .step = softmax_how(text, text.chances, text.chances_symbol, temperature)};
        });
        if (call.expectation) return {chances, chances};
        if (call.rng == nullptr) return {align_hard_argmax(call.scores.value(), call.mask), chances};
        const Tensor<T> draws = observe("draws", uniform_draws<T>(chances.shape()[0], *call.rng), [&] {
            return Shown{.role = Role::input,
                         .symbol = "u",
                         .title = text.draws_title,
                         .axes = {text.axes[0]},
                         .step = {"draw", "u_i uniform in [0, 1), from the seed", "", ""}};
        });
        return {drawn_keys(chances.value(), draws, !call.mask.empty()), chances};
    }
    How how(const AlignCall<T>& call, const AlignText& text) const override {
        const std::string& a = text.symbol;
        if (call.expectation)
            return {"expect", fmt::format("{}_ij = {}_ij, the expectation of a draw", a, text.chances_symbol),
                    fmt::format("@weights[i,j] = @{}[i,j]", text.chances), argmax_source};
        if (call.rng == nullptr) return argmax_how(text, "weights", a, argmax_source);
        return {
            "sample",
            fmt::format("{0}_ij = 1 at the first j up to which the chances exceed u_i, else 0: drawn from Multinoulli({1}_i)",
                        a, text.chances_symbol),
            fmt::format("@weights[i,j] = where(j < {0}, sum_l(where(l <= j, @{1}[i,l], 0)) > @draws[i], 1) * "
                        "(sum_l(where(l < j, @{1}[i,l], 0)) <= @draws[i]) * (max_l(@{1}[i,l]) > 0)",
                        call.scores.shape()[-1] - 1, text.chances),
            "Xu 2015, eq. 8 and 9"};
    }
};

}  // namespace

AlignFunction hard_argmax_align_function() {
    return {.id = "hard_argmax",
            .title = "Hard argmax",
            .equation = "α_ij = 1 for j = argmax_k e_ik, else 0",
            .source = argmax_source,
            .make = make_align_of<HardArgmaxAlign, float>,
            .make_double = make_align_of<HardArgmaxAlign, double>,
            .reads_temperature = false,
            .trainable = false};
}

AlignFunction hard_sample_align_function() {
    return {.id = "hard_sample",
            .title = "Hard sampled",
            .equation = "α_i ~ Multinoulli(softmax(e_i / τ))",
            .source = "Xu 2015, eq. 8",
            .make = make_align_of<HardSampleAlign, float>,
            .make_double = make_align_of<HardSampleAlign, double>,
            .samples = true};
}

}  // namespace saccade
