#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/align_common.hpp"
#include "autograd/ops.hpp"

// Bahdanau 2014, eq. 6, with the temperature of Hinton, Vinyals and Dean 2015, eq. 1.

namespace saccade {

namespace {

/// The largest score of each row: [..., 1]; 0 where all are ruled out.
template <class T>
Tensor<T> row_maxima(const Tensor<T>& scores) {
    Tensor<T> maxima(scores.shape().with_extent(-1, 1));
    const Index n = scores.shape()[-1];
    for (Index row = 0; row < maxima.size(); ++row) {
        T& largest = maxima.data()[row] = -std::numeric_limits<T>::infinity();
        for (Index j = 0; j < n; ++j) largest = std::max(largest, scores.data()[row * n + j]);
        if (!std::isfinite(largest)) largest = 0;
    }
    return maxima;
}

/// The limit at an infinite temperature: all scores alike, and what is ruled out stays so.
template <class T>
Tensor<T> levelled(const Tensor<T>& scores) {
    Tensor<T> level(scores.shape());
    const T least = -std::numeric_limits<T>::infinity();
    std::ranges::transform(scores.values(), level.data(), [least](T e) { return e == least ? least : T(0); });
    return level;
}

}  // namespace

template <class T>
Var<T> below_largest(const Var<T>& scores, const Tensor<T>& mask, double temperature) {
    if (!(temperature > 0)) throw Error(ErrorCode::invalid_input, "a temperature must be 0 or more", "1 changes nothing");
    const Var<T> visible = mask.empty() ? scores : add(scores, Var<T>(mask));
    if (std::isinf(temperature)) return levelled(visible.value());
    const Var<T> below = sub(visible, Var<T>(row_maxima(visible.value())));
    // Differences to the largest cannot overflow to a positive infinity, however cold.
    const double factor = std::min(1 / temperature, static_cast<double>(std::numeric_limits<T>::max()));
    return temperature == 1 ? below : scale(below, static_cast<T>(factor));
}

template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask, double temperature) {
    if (temperature == 0) return align_hard_argmax(scores.value(), mask);  // the limit, but for ties
    const Var<T> scaled = temperature == 1 ? scores : below_largest(scores, mask, temperature);
    return mask.empty() ? softmax(scaled) : softmax(scaled, mask);
}

template Var<float> align_softmax(const Var<float>&, const Tensor<float>&, double);
template Var<double> align_softmax(const Var<double>&, const Tensor<double>&, double);

template <class T>
Var<T> shown_below_largest(const AlignCall<T>& call, const AlignText& text, double temperature, double over,
                           const Observer& observe) {
    const Var<T> z = below_largest(call.scores, call.mask, temperature);
    return observe("shifted", over == 1 ? z : scale(z, static_cast<T>(1 / over)), [&] {
        // A row without a key has no largest score: then each is infinitely far below any number.
        const std::string below = "@scores[i,j] - max(max_l(@scores[i,l]), -1e30)";
        return Shown{
            .role = Role::state,
            .symbol = "z",
            .title = "Scores below the best, cooled",
            .axes = text.axes,
            .step = {"cool",
                     over == 1 ? "z_ij = (e_ij − max_k e_ik) / τ" : fmt::format("z_ij = (e_ij − max_k e_ik) / {}τ", over),
                     "@shifted[i,j] = " + (std::isinf(temperature) ? std::string("where(@scores[i,j] > -inf, 0, -inf)")
                                                                   : fmt::format("({}) / {}", below, temperature * over)),
                     temperature == 1 ? "" : "τ: Hinton 2015"}};
    });
}

template Var<float> shown_below_largest(const AlignCall<float>&, const AlignText&, double, double, const Observer&);
template Var<double> shown_below_largest(const AlignCall<double>&, const AlignText&, double, double, const Observer&);
template Var<float> below_largest(const Var<float>&, const Tensor<float>&, double);
template Var<double> below_largest(const Var<double>&, const Tensor<double>&, double);

std::string argmax_rule(bool windowed) {
    if (!windowed) return "(j == argmax_l(@scores[i,l]))";
    return "(j == argmax_l(@scores[i,l] + @mask[i,l])) * (max_l(@mask[i,l]) == 0)";
}

std::string softmax_rule(double temperature, bool windowed) {
    if (temperature == 0) return argmax_rule(windowed);
    const std::string cooled = temperature == 1          ? "@scores[i,j]"
                               : std::isinf(temperature) ? "where(@scores[i,j] > -inf, 0, -inf)"
                                                         : fmt::format("@scores[i,j] / {}", temperature);
    return "softmax_j(" + cooled + (windowed ? " + @mask[i,j])" : ")");
}

How argmax_how(const AlignText& text, const std::string& result, const std::string& symbol, const std::string& source) {
    return {text.operation, symbol + "_ij = 1 where e_ij is the largest (the first of equals), else 0",
            "@" + result + "[i,j] = " + argmax_rule(false), source};
}

How softmax_how(const AlignText& text, const std::string& result, const std::string& symbol, double temperature) {
    if (temperature == 0) {
        How how = argmax_how(text, result, symbol, text.softmax_source);
        how.formula += ": τ → 0";
        return how;
    }
    How how{text.operation, symbol + "_ij = exp(e_ij) / Σ_k exp(e_ik)",
            "@" + result + "[i,j] = " + softmax_rule(temperature, false), text.softmax_source};
    if (std::isinf(temperature)) {
        how.formula = symbol + "_ij = 1 / n: τ → ∞";
    } else if (temperature != 1) {
        how.formula = symbol + "_ij = exp(e_ij / τ) / Σ_k exp(e_ik / τ)";
        how.source += "; τ: Hinton 2015";
    }
    return how;
}

namespace {

template <class T>
class SoftmaxAlign : public Align<T> {
 public:
    using Align<T>::Align;

 protected:
    Aligned<T> align(const AlignCall<T>& call, const AlignText&, const Observer&) const override {
        return {align_softmax(call.scores, call.mask, this->settings().temperature)};
    }
    How how(const AlignCall<T>&, const AlignText& text) const override {
        return softmax_how(text, "weights", text.symbol, this->settings().temperature);
    }
};

}  // namespace

AlignFunction softmax_align_function() {
    return {.id = "softmax",
            .title = "Softmax",
            .equation = "α_ij = exp(e_ij / τ) / Σ_k exp(e_ik / τ)",
            .source = "Bahdanau 2014, eq. 6",
            .make = make_align_of<SoftmaxAlign, float>,
            .make_double = make_align_of<SoftmaxAlign, double>};
}

}  // namespace saccade
