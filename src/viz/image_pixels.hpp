#pragma once

#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// A picture in bytes. Each pixel stands for block x block of the item's, the last of a row or column for what is left.
struct ImagePixels {
    Index rows = 0, cols = 0;
    Index block = 1;
    std::vector<Color> pixels;  // row-major, opaque
};

/// Pixels that become one, across and down: the largest power of two that keeps them no larger than a pixel of a picture of
/// that many px (of the device).
Index image_block(const ImageItem& item, double width_px, double height_px);

/// Means of the blocks, the one reduction for screen and file; channels outside 0 to 1 are clamped, NaN is 0.
/// Error{invalid_input} if the pixels are not [rows, cols, 3] or [rows, cols, 1].
ImagePixels image_pixels(const ImageItem& item, Index block);

}  // namespace saccade
