#pragma once

#include <span>

#include "tensor/tensor.hpp"

namespace saccade {

/// Masks are added to scores: 0 where a key may be attended to, -inf where not. T: float or double.

/// Rows of a padded batch: [batch, length], -inf from each row's own length on. Error{invalid_input} if a row is longer than
/// `length`.
template <class T>
Tensor<T> padding_mask(std::span<const Index> lengths, Index length);

/// A query sees keys up to its own position: [n_queries, n_keys], -inf where key > query + offset. `offset` is the number of
/// keys before the first query (a decoder that goes on with cached keys). Vaswani 2017, section 3.2.3.
template <class T>
Tensor<T> causal_mask(Index n_queries, Index n_keys, Index offset = 0);

/// A query sees keys at most `radius` away, 0: itself alone; [n_queries, n_keys], `offset` as above. Restricted self-attention,
/// Vaswani 2017, table 1.
template <class T>
Tensor<T> window_mask(Index n_queries, Index n_keys, Index radius, Index offset = 0);

/// Both at once, by broadcasting: -inf where either is. An empty mask hides nothing.
template <class T>
Tensor<T> combine_masks(const Tensor<T>& a, const Tensor<T>& b);

/// A padding mask [batch, length] as attention over heads takes it: [batch, 1, 1, length].
template <class T>
Tensor<T> over_heads(const Tensor<T>& padding);

/// Which rows of a padded batch are still inside their sequence at a step: [batch], 1 or 0. The row mask of recurrent steps.
template <class T>
Tensor<T> step_mask(std::span<const Index> lengths, Index step);

}  // namespace saccade
