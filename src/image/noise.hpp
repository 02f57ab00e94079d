#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <utility>

namespace saccade {

// Noise that depends on place and seed alone, so that a picture can be drawn in any order.

/// The numbers 0 to 255 in an order without pattern (Perlin 1985).
constexpr std::array<std::uint8_t, 256> shuffled_bytes() {
    std::array<std::uint8_t, 256> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
    std::uint32_t state = 2463534242u;
    for (std::size_t i = bytes.size() - 1; i > 0; --i) {
        state ^= state << 13;  // xorshift (Marsaglia 2003)
        state ^= state >> 17;
        state ^= state << 5;
        std::swap(bytes[i], bytes[state % (i + 1)]);
    }
    return bytes;
}
inline constexpr std::array<std::uint8_t, 256> noise_bytes = shuffled_bytes();

inline std::uint8_t noise_byte(std::int64_t i) {
    return noise_bytes[static_cast<std::uint8_t>(i)];
}

/// A number in [0, 1) for a grid point; the grid repeats after 256.
inline float grid_noise(std::int64_t x, std::int64_t y, std::uint64_t seed) {
    const std::uint64_t shift = seed * 0x9e3779b97f4a7c15ull;
    const std::int64_t sx = static_cast<std::int64_t>(shift >> 56), sy = static_cast<std::int64_t>(shift >> 48);
    return static_cast<float>(noise_byte(noise_byte(x + sx) + y + sy)) / 256;
}

/// Smooth between grid points (Perlin 1985's value noise), in [0, 1).
inline float value_noise(float x, float y, std::uint64_t seed) {
    const std::uint64_t shift = seed * 0x9e3779b97f4a7c15ull;
    const float floor_x = std::floor(x), floor_y = std::floor(y);
    const auto ix = static_cast<std::int64_t>(floor_x) + static_cast<std::int64_t>(shift >> 56);
    const auto iy = static_cast<std::int64_t>(floor_y) + static_cast<std::int64_t>(shift >> 48);
    const float u = x - floor_x, v = y - floor_y, a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v);
    const std::int64_t left = noise_byte(ix) + iy, right = noise_byte(ix + 1) + iy;
    const float top = noise_byte(left) * (1 - a) + noise_byte(right) * a;
    const float bottom = noise_byte(left + 1) * (1 - a) + noise_byte(right + 1) * a;
    return (top * (1 - b) + bottom * b) / 256;
}

/// A sum of octaves, each half as large and twice as fine, scaled to [0, 1).
inline float fractal_noise(float x, float y, int octaves, std::uint64_t seed) {
    float sum = 0, weight = 1, total = 0;
    for (int i = 0; i < octaves; ++i) {
        sum += weight * value_noise(x, y, seed + static_cast<std::uint64_t>(i));
        total += weight;
        weight /= 2;
        x *= 2;
        y *= 2;
    }
    return sum / total;
}

inline float smooth_step(float from, float to, float value) {
    const float t = std::fmin(std::fmax((value - from) / (to - from), 0.0f), 1.0f);
    return t * t * (3 - 2 * t);
}

}  // namespace saccade
