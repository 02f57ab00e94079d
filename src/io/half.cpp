#include "io/half.hpp"

#include <bit>

namespace saccade {

namespace {

/// value / 2^shift, rounded to nearest, ties to even.
std::uint32_t shift_right_rounded(std::uint32_t value, std::uint32_t shift) {
    const std::uint32_t half = std::uint32_t{1} << (shift - 1);
    const std::uint32_t odd = (value >> shift) & 1U;
    return (value + half - 1 + odd) >> shift;
}

}  // namespace

float half_to_float(std::uint16_t bits) {
    const std::uint32_t sign = (bits & 0x8000U) << 16;
    const std::uint32_t exponent = (bits >> 10) & 0x1fU;
    std::uint32_t mantissa = bits & 0x3ffU;
    if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000U | (mantissa << 13));
    if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (mantissa << 13));
    if (mantissa == 0) return std::bit_cast<float>(sign);
    // Subnormal: mantissa * 2^-24, normal as a float.
    const auto leading =
        static_cast<std::uint32_t>(std::countl_zero(mantissa)) - 21;  // shift that brings the top bit to bit 10
    mantissa = (mantissa << leading) & 0x3ffU;
    return std::bit_cast<float>(sign | ((113 - leading) << 23) | (mantissa << 13));
}

void halves_to_floats(const std::uint16_t* bits, std::size_t count, float* values) {
    // No branch: all three kinds of numbers are made, and one is taken, so that compilers do several in one instruction of any
    // processor.
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint32_t sign = (bits[i] & 0x8000U) << 16, magnitude = bits[i] & 0x7fffU;
        const std::uint32_t normal = (magnitude << 13) + (112U << 23), special = normal + (112U << 23);
        const auto subnormal =
            std::bit_cast<std::uint32_t>(static_cast<float>(static_cast<std::int32_t>(magnitude)) * 0x1p-24f);
        const std::uint32_t finite = magnitude < 0x400U ? subnormal : normal;
        values[i] = std::bit_cast<float>(sign | (magnitude < 0x7c00U ? finite : special));
    }
}

std::uint16_t float_to_half(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    std::uint32_t result = 0;
    if (magnitude > 0x7f800000U) {
        result = 0x7e00U | ((magnitude >> 13) & 0x1ffU);  // quiet NaN
    } else if (magnitude >= 0x47800000U) {
        result = 0x7c00U;  // 2^16 and more, infinity
    } else if (magnitude >= 0x38800000U) {
        result = shift_right_rounded(magnitude - 0x38000000U, 13);  // normal; rounding up may carry into infinity, as it should
    } else if (magnitude >= 0x33000000U) {
        const std::uint32_t exponent = magnitude >> 23;  // 102 .. 112: a subnormal, in units of 2^-24
        result = shift_right_rounded((magnitude & 0x7fffffU) | 0x800000U, 126 - exponent);
    }
    return static_cast<std::uint16_t>(sign | result);
}

float bfloat16_to_float(std::uint16_t bits) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

void bfloats16_to_floats(const std::uint16_t* bits, std::size_t count, float* values) {
    for (std::size_t i = 0; i < count; ++i) values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(bits[i]) << 16);
}

std::uint16_t float_to_bfloat16(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>((bits >> 16) | 0x40U);  // quiet NaN
    return static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16) & 1U)) >> 16);
}

}  // namespace saccade
