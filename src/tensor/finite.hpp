#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// Is every value a finite number? By several threads where that is worth it.
bool all_finite(const Tensor<float>& values);

}  // namespace saccade
