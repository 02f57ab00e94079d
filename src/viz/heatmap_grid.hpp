#pragma once

#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// The small pictures of a HeatmapGridItem, all in one matrix [map_rows * tall, map_cols * wide], as they stand in the grid.
struct GridAtlas {
    Tensor<float> values;
    Index tall = 0, wide = 0;  // texels of one picture
};

/// Cells that become one texel, down and across.
struct GridBlock {
    Index rows = 1, cols = 1;
    auto operator<=>(const GridBlock&) const = default;
};

/// The block for pictures of that many px (of the device): the smallest powers of two that make a texel no smaller than a pixel
/// (then the shader has one to look up), and the atlas at most `most` texels on a side.
GridBlock grid_block(const HeatmapGridItem& item, double width_px, double height_px, Index most);

/// One picture per map: each texel is the largest or the mean finite value of its block, NaN where there is none. Sink and rows
/// are treated before that, as the item says. Computed in parallel; the one reduction for screen and file.
GridAtlas grid_atlas(const HeatmapGridItem& item, const GridBlock& block);

/// The picture at one place of the grid as a heatmap of its own, for canvases that draw images.
HeatmapItem grid_picture(const HeatmapGridItem& item, const GridAtlas& atlas, Index row, Index col);

/// Places up to the last that holds a map: those after it are not drawn.
Index grid_places(const HeatmapGridItem& item);
/// Where the picture at one place stands.
Box grid_place(const HeatmapGridItem& item, Index row, Index col);

}  // namespace saccade
