#pragma once

#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Leaves of an average-linkage clustering, like beside like: apart [n, n], how far each two are apart -> an order of 0 .. n-1.
std::vector<Index> like_beside_like(const Tensor<float>& apart);

}  // namespace saccade
