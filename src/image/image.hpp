#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// A picture as a screen shows it: 8 bit sRGB, three channels, rows from the top. Grey is three equal channels, transparency
/// lies over white, 16 bit are rounded to 8, a camera's orientation is applied.
struct Image {
    Index width = 0, height = 0;
    std::vector<std::uint8_t> rgb;  // [height, width, 3]

    Image() = default;
    Image(Index w, Index h) : width(w), height(h), rgb(static_cast<std::size_t>(w * h * 3)) {}
    bool empty() const { return rgb.empty(); }
    const std::uint8_t* row(Index y) const { return rgb.data() + y * width * 3; }
    std::uint8_t* row(Index y) { return rgb.data() + y * width * 3; }
    bool operator==(const Image&) const = default;
};

/// At another size, each axis by itself: the average over the area that a new pixel covers where it shrinks, bilinear where it
/// grows. Pixel centres lie at (i + 1/2). width, height >= 1: Error{invalid_input}.
Image resized(const Image& image, Index width, Index height);

/// The size that a picture of width x height has when its longer side becomes `longest_side`, the other in proportion (rounded,
/// at least `multiple`); both multiples of `multiple`.
struct ImageSize {
    Index width = 0, height = 0;
    bool operator==(const ImageSize&) const = default;
};
ImageSize fitted_size(Index width, Index height, Index longest_side, Index multiple = 1);

/// resized() to fitted_size(): the longer side becomes `longest_side`, larger or smaller than it was.
Image fit(const Image& image, Index longest_side);

/// [y, x, 3], 0 to 1.
Tensor<float> to_tensor(const Image& image);

/// The bytes of a PNG file, for `data:` values and for files.
std::string write_png(const Image& image);

}  // namespace saccade
