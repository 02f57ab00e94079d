#include <cmath>

#include "attention/align.hpp"
#include "autograd/ops.hpp"

// Bahdanau 2014, eq. 6, with the temperature of Hinton, Vinyals and Dean 2015, eq. 1.

namespace saccade {

template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask, double temperature) {
    if (!(temperature >= 0)) throw Error(ErrorCode::invalid_input, "a temperature must be 0 or more", "1 is the plain softmax");
    if (temperature == 0) return align_hard_argmax(scores.value(), mask);  // the limit, but for ties
    // An infinite temperature would make 0 * inf of masked scores: its limit is uniform over what is not masked.
    const auto factor = static_cast<T>(std::isinf(temperature) ? 0 : 1 / temperature);
    const Var<T> scaled = temperature == 1 ? scores : scale(scores, factor);
    return mask.empty() ? softmax(scaled) : softmax(scaled, mask);
}

template Var<float> align_softmax(const Var<float>&, const Tensor<float>&, double);
template Var<double> align_softmax(const Var<double>&, const Tensor<double>&, double);

}  // namespace saccade
