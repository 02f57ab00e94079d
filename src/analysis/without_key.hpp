#pragma once

#include <optional>

#include "tensor/tensor.hpp"

namespace saccade {

/// The key that gets most attention over all rows of [queries, keys]; nothing if no row has any.
std::optional<Index> most_attended(const Tensor<float>& matrix);

}  // namespace saccade
