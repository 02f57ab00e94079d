#pragma once

#include <vector>

#include "viz/view_options.hpp"

namespace saccade {

// Orders of the heads of a layer. maps [heads, queries, keys]; masked cells count as 0.

/// Mean over the rows of -sum w ln w, in nats, of the rows brought to sum 1. Rows of nothing are left out; 0 if all are.
std::vector<double> head_entropies(const Tensor<float>& maps);
/// Mean over the rows of sum w |i - j|: how far a head looks, in positions.
std::vector<double> head_distances(const Tensor<float>& maps);
/// Leaves of an average-linkage clustering, like beside like; two heads are as far apart as their rows are on average in total
/// variation. Large maps are reduced to 64 x 64 means first.
std::vector<Index> similarity_order(const Tensor<float>& maps);

/// The heads in the order that was asked for: the smallest entropy or distance first; as_is: 0, 1, 2, ...
std::vector<Index> head_order(const Tensor<float>& maps, ViewOptions::Order order);

}  // namespace saccade
