#include <algorithm>
#include <cmath>

#include "attention/align.hpp"
#include "autograd/ops.hpp"

// Hard attention: one key a query. Xu et al. 2015, "Show, attend and tell", section 4.1.

namespace saccade {

namespace {

/// choose(row) -> the key that gets all the weight; a row without any value above `nothing` stays 0.
template <class T, class Choose>
Tensor<T> one_hot_rows(const Tensor<T>& scores, T nothing, const Choose& choose) {
    Tensor<T> weights(scores.shape());
    const Index n = scores.shape()[-1];
    for (Index row = 0; n > 0 && row < scores.size() / n; ++row) {
        const std::span<const T> values(scores.data() + row * n, static_cast<std::size_t>(n));
        if (std::ranges::all_of(values, [nothing](T v) { return !(v > nothing); })) continue;
        weights.data()[row * n + choose(values)] = T(1);
    }
    return weights;
}

template <class T>
Tensor<T> masked(const Tensor<T>& scores, const Tensor<T>& mask) {
    return mask.empty() ? scores : add(Var<T>(scores), Var<T>(mask)).value();
}

}  // namespace

template <class T>
Tensor<T> align_hard_argmax(const Tensor<T>& scores, const Tensor<T>& mask) {
    return one_hot_rows(masked(scores, mask), -std::numeric_limits<T>::infinity(),
                        [](std::span<const T> row) { return std::ranges::max_element(row) - row.begin(); });
}

template <class T>
Tensor<T> align_hard_sample(const Tensor<T>& scores, const Tensor<T>& mask, double temperature, Rng& rng) {
    const Tensor<T> probabilities = align_softmax(Var<T>(scores), mask, temperature).value();
    // A masked key has probability 0, and so is never drawn.
    return one_hot_rows(probabilities, T(0), [&rng](std::span<const T> row) {
        double left = rng.uniform();
        std::ptrdiff_t chosen = std::ranges::max_element(row) - row.begin();  // what rounding leaves over
        for (std::size_t j = 0; j < row.size(); ++j) {
            if (!(row[j] > T(0))) continue;
            left -= static_cast<double>(row[j]);
            if (left < 0) {
                chosen = static_cast<std::ptrdiff_t>(j);
                break;
            }
        }
        return chosen;
    });
}

#define SACCADE_INSTANTIATE(T)                                                \
    template Tensor<T> align_hard_argmax(const Tensor<T>&, const Tensor<T>&); \
    template Tensor<T> align_hard_sample(const Tensor<T>&, const Tensor<T>&, double, Rng&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
