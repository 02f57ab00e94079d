#pragma once

#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// The longest side, px, of a heat map's picture in an exported figure.
constexpr Index most_image_side = 4096;

/// A heatmap as colours, for canvases that draw images.
struct HeatmapImage {
    Index rows = 0, cols = 0;   // of the image: fewer than the matrix has if that is larger than `most` on a side
    std::vector<Color> pixels;  // row-major; masked cells in masked_ground
    std::vector<Box>
        masked;  // where to hatch, in figure coordinates, runs of a row joined; empty if there are too many to be seen
};

/// Cells that share a pixel are averaged before the colours are taken (masked ones left out). A smooth item has `scale` pixels
/// a logical px, and more cells than that are averaged. Opacity and threshold are in the colours.
HeatmapImage heatmap_image(const HeatmapItem& item, Index most, double scale = 2);
/// The colour of one value of the item; that of masked cells for NaN.
Color heatmap_color(const HeatmapItem& item, double value);

/// Few enough to be drawn, and edited, one by one.
bool is_small(const HeatmapItem& item);

}  // namespace saccade
