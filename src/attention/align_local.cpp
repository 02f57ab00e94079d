#include <algorithm>
#include <cmath>

#include "attention/align.hpp"
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

}  // namespace saccade
