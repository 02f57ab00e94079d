#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// Additive attention (Bahdanau 2014, appendix A.1.2), also called concat:
///   e_ij = v_a^T tanh(W_a s_{i-1} + U_a h_j)
/// from the projected query W_a s_{i-1} [batch, d] and keys U_a h_j [batch, n_keys, d] (the same for all steps, so projected
/// once), with v [d] -> scores [batch, n_keys]. Several queries: [batch, n_queries, d] -> [batch, n_queries, n_keys]. One fused
/// operation: nothing of size [batch, n_keys, d] is made, backward computes the tanh again.
template <class T>
Var<T> additive_scores(const Var<T>& query_projected, const Var<T>& keys, const Var<T>& v);

}  // namespace saccade
