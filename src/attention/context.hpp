#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// The weighted sum of values, c_i = sum_j a_ij h_j (Bahdanau 2014, eq. 5; Vaswani 2017, eq. 1):
/// weights [batch, n_keys] and values [batch, n_keys, d] -> [batch, d].
/// Several queries: weights [batch, n_queries, n_keys] -> [batch, n_queries, d].
template <class T>
Var<T> context(const Var<T>& weights, const Var<T>& values);

}  // namespace saccade
