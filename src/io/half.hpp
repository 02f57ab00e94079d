#pragma once

#include <cstdint>

namespace saccade {

/// IEEE 754 binary16 to and from float: rounded to nearest even, subnormals and infinities kept, NaN stays NaN.
float half_to_float(std::uint16_t bits);
std::uint16_t float_to_half(float value);
/// bfloat16: the upper half of a float, rounded to nearest even.
float bfloat16_to_float(std::uint16_t bits);
std::uint16_t float_to_bfloat16(float value);

}  // namespace saccade
