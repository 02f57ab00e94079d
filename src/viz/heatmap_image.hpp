#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// A picture of one pixel a cell: 0xAARRGGBB, row-major.
struct Pixels {
    int width = 0, height = 0;
    std::vector<std::uint32_t> argb;
};

/// The cells in their colours; masked ones in the masked ground.
Pixels heatmap_pixels(const HeatmapItem& heatmap);

/// As PNG bytes (opaque).
std::string encode_png(const Pixels& pixels);

}  // namespace saccade
