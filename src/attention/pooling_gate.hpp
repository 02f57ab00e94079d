#pragma once

#include <span>

#include "autograd/var.hpp"

namespace saccade {

// Gated pooling: each annotation has a gate of its own, learned, without a query; what passes is averaged.
//
//   g_j = sigmoid(v . h_j + b)      w_j = g_j / sum_k g_k      p = sum_j w_j h_j
//
// Sigmoid gates as in Dauphin 2017 ("Language modeling with gated convolutional networks"), eq. 1, here one per token. That
// gating, like max pooling, is attention by saliency (bottom-up: nothing asks), and softmax attention with a query is focus
// (top-down): Qiu 2020, "Neural networks and deep learning", section 8.1.

/// Gates [batch, n] to weights of the same shape: divided by their sum over the first lengths[b] annotations of each row (all n
/// if `lengths` is empty), 0 beyond. A row whose gates are all 0 has weights 0, never NaN. Error{invalid_input} if the lengths
/// do not fit.
template <class T>
Var<T> gate_weights(const Var<T>& gates, std::span<const Index> lengths = {});

}  // namespace saccade
