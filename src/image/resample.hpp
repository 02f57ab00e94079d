#pragma once

#include "image/image.hpp"

namespace saccade {

/// Filters of Pillow's Image.resize, under its numbers: what models of pictures were trained with, and what they expect.
/// resized() (image.hpp) averages areas instead, and is for what a person looks at.
enum class Resampling { nearest = 0, lanczos = 1, bilinear = 2, bicubic = 3, box = 4, hamming = 5 };
std::string to_string(Resampling how);

/// At another size, each axis by itself, across first. Where the picture shrinks the filter grows with it (no aliasing);
/// weights sum to 1, also at the edges. bicubic: Keys 1981, a = -1/2; lanczos: 3 lobes. Each pass is rounded to 8 bit, as
/// there. width, height >= 1: Error{invalid_input}.
Image resampled(const Image& image, Index width, Index height, Resampling how);

/// The part from (x, y) on. Error{invalid_input} unless it lies within.
Image cut(const Image& image, Index x, Index y, Index width, Index height);

}  // namespace saccade
