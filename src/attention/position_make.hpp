#pragma once

#include "attention/position.hpp"

// For the position_*.cpp alone.

namespace saccade {

template <template <class> class Code, class T>
PositionCodePtr<T> make_code_of(const PositionSizes& sizes, const PositionParameters<T>& parameters) {
    return std::make_shared<Code<T>>(sizes, parameters);
}

inline std::vector<PositionParameter> no_position_parameters(const PositionSizes&) {
    return {};
}

}  // namespace saccade
