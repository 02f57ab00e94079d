#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// For what is shown but is not computed with: a change of it could reach nothing. `shown`: what the observer gave back for
/// `given`. Error{invalid_input}: "NAME cannot be changed: WHY".
inline void require_unchanged(const std::string& name, const Tensor<float>& given, const Tensor<float>& shown,
                              const std::string& why, const std::string& hint) {
    if (shown.data() != given.data()) throw Error(ErrorCode::invalid_input, name + " cannot be changed: " + why, hint);
}

}  // namespace saccade
