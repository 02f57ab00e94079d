#pragma once

#include <cmath>
#include <cstdint>

namespace saccade {

// Noise that depends on place and seed alone, so that a picture can be drawn in any order.

/// A number in [0, 1) for a grid point.
inline float grid_noise(std::int64_t x, std::int64_t y, std::uint64_t seed) {
    // Multiply and xor-shift (the finaliser of MurmurHash3) over the three.
    std::uint64_t h = seed * 0x9e3779b97f4a7c15ull + static_cast<std::uint64_t>(x) * 0xff51afd7ed558ccdull +
                      static_cast<std::uint64_t>(y) * 0xc4ceb9fe1a85ec53ull;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdull;
    h ^= h >> 33;
    h *= 0xc4ceb9fe1a85ec53ull;
    return static_cast<float>(h >> 40) * 0x1p-24f;
}

/// Smooth between grid points (Perlin 1985's value noise), in [0, 1).
inline float value_noise(float x, float y, std::uint64_t seed) {
    const float floor_x = std::floor(x), floor_y = std::floor(y);
    const auto ix = static_cast<std::int64_t>(floor_x), iy = static_cast<std::int64_t>(floor_y);
    const float u = x - floor_x, v = y - floor_y, a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v);
    const float top = grid_noise(ix, iy, seed) * (1 - a) + grid_noise(ix + 1, iy, seed) * a;
    const float bottom = grid_noise(ix, iy + 1, seed) * (1 - a) + grid_noise(ix + 1, iy + 1, seed) * a;
    return top * (1 - b) + bottom * b;
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
