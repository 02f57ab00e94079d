#include <algorithm>
#include <cmath>
#include <limits>

#include "attention/align.hpp"
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

template <class T>
Var<T> cooled(const Var<T>& scores, const Tensor<T>& mask, double temperature) {
    if (temperature == 1) return scores;
    if (std::isinf(temperature)) return levelled(scores.value());
    // Softmax sees differences only. Those to the largest cannot overflow to a positive infinity, however cold.
    const double factor = std::min(1 / temperature, static_cast<double>(std::numeric_limits<T>::max()));
    const Var<T> visible = mask.empty() ? scores : add(scores, Var<T>(mask));
    return scale(sub(visible, Var<T>(row_maxima(visible.value()))), static_cast<T>(factor));
}

}  // namespace

template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask, double temperature) {
    if (!(temperature >= 0)) throw Error(ErrorCode::invalid_input, "a temperature must be 0 or more", "1 is the plain softmax");
    if (temperature == 0) return align_hard_argmax(scores.value(), mask);  // the limit, but for ties
    const Var<T> scaled = cooled(scores, mask, temperature);
    return mask.empty() ? softmax(scaled) : softmax(scaled, mask);
}

template Var<float> align_softmax(const Var<float>&, const Tensor<float>&, double);
template Var<double> align_softmax(const Var<double>&, const Tensor<double>&, double);

}  // namespace saccade
