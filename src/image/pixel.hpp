#pragma once

#include <algorithm>
#include <string>

#include "image/color.hpp"
#include "image/noise.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// A colour while it is mixed: 0 to 255 a channel.
struct Pixel {
    float r = 0, g = 0, b = 0;
};

inline Pixel mix(const Pixel& a, const Pixel& b, float t) {
    return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}
inline Pixel lit(const Pixel& p, float factor) {
    return {p.r * factor, p.g * factor, p.b * factor};
}
inline Pixel pixel_of(const std::string& color) {
    const auto rgb = color_rgb(color);
    return {static_cast<float>(rgb[0]), static_cast<float>(rgb[1]), static_cast<float>(rgb[2])};
}
inline std::uint8_t to_byte(float value, float rounding) {
    return static_cast<std::uint8_t>(std::clamp(value + rounding, 0.0f, 255.0f));
}

/// Rounds by a grain that differs from pixel to pixel, so that slow gradients show no bands; whole numbers stay.
inline void store_dithered(std::uint8_t* out, const Pixel& p, Index x, Index y) {
    const float rounding = grid_noise(x, y, 17);
    out[0] = to_byte(p.r, rounding);
    out[1] = to_byte(p.g, rounding);
    out[2] = to_byte(p.b, rounding);
}

}  // namespace saccade
