#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tensor/tensor.hpp"

namespace saccade {

/// A tensor as nested JSON arrays, and back. Error{bad_format} if it is not made of numbers in rows of one length, or too deep.
nlohmann::json matrix_to_json(const Tensor<float>& matrix);
Tensor<float> matrix_from_json(const nlohmann::json& value);

}  // namespace saccade
