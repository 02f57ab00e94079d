#pragma once

#include "viz/layout.hpp"
#include "viz/slice.hpp"

namespace saccade {

// Where the cells, labels and colour scale of a matrix stand, decided before anything is drawn.

/// Sizes of its colour scale, px: below the grid, close to it, and at the side, there without its unit.
struct ScaleSize {
    static constexpr double width = 240, height = 10, close = 8, aside = 64;
};

/// Where the colour scale stands: under the grid, close under it where there is little height, or right of it.
enum class BarPlace { none, below, close, beside };

struct GridLayout {
    Box content;
    Box grid;
    double cell_w = 0, cell_h = 0;
    AxisLabels rows, cols;
    double label_gap = 0;
    BarPlace bar = BarPlace::none;
    double bar_w = 0;  // if it stands beside

    double area() const { return cell_w * cell_h; }
};

/// A figure has its scale, as has what is signed, bent or outside its limits, wherever it stands: that stays where notes and
/// labels take the room. On the stage any other scale does if there is room beside the grid.
/// `numbered`: cells carry their numbers; `word`: px of the scale's unit, with its gap.
GridLayout arrange(const Sketch& sketch, const Slice& slice, const Box& content, const HeatmapItem& item, bool numbered,
                   double word);

}  // namespace saccade
