#pragma once

#include <cstddef>
#include <cstdint>

namespace saccade {

/// IEEE 754 binary16 to and from float: rounded to nearest even, subnormals and infinities kept, NaN stays NaN.
float half_to_float(std::uint16_t bits);
std::uint16_t float_to_half(float value);
/// The same of many, several at a time.
void halves_to_floats(const std::uint16_t* bits, std::size_t count, float* values);
/// bfloat16: the upper half of a float, rounded to nearest even.
float bfloat16_to_float(std::uint16_t bits);
std::uint16_t float_to_bfloat16(float value);
void bfloats16_to_floats(const std::uint16_t* bits, std::size_t count, float* values);

}  // namespace saccade
