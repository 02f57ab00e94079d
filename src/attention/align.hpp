#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// The alignment function of Bahdanau 2014, eq. 6: a_ij = exp(e_ij) / sum_k exp(e_ik).
/// scores [..., n_keys] -> weights of the same shape; every row sums to 1, or is 0 throughout if the mask leaves no key.
template <class T>
Var<T> align_softmax(const Var<T>& scores);
/// Same over the keys that `mask` (0 or -inf; mask.hpp) leaves; it broadcasts over leading axes.
template <class T>
Var<T> align_softmax(const Var<T>& scores, const Tensor<T>& mask);

}  // namespace saccade
