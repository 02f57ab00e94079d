#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// Where the `count` largest of the values stand, the largest first, ties by their place; all of them if there are fewer. What
/// is not a number is smaller than any.
Ids places_of_largest(std::span<const float> values, Index count);

}  // namespace saccade
