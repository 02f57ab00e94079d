#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// The order of the leaves of an average-linkage clustering, similar ones adjacent: apart [n, n], pairwise distances -> an
/// order of 0 .. n-1.
std::vector<Index> cluster_order(const Tensor<float>& apart);

}  // namespace saccade
