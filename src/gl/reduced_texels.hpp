#pragma once

#include <compare>

#include "tensor/tensor.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Mean of the finite cells of each block of row_block x column_block; NaN where there are none.
Tensor<float> averaged(const Tensor<float>& values, Index row_block, Index column_block);

/// The pixels of a target whose middles lie within a box.
struct PixelGrid {
    Index left = 0, top = 0, columns = 0, rows = 0;
    static PixelGrid of(const Box& box);
    bool empty() const { return columns <= 0 || rows <= 0; }
    Box box() const {
        return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(columns), static_cast<double>(rows)};
    }
    auto operator<=>(const PixelGrid&) const = default;
};

/// What each pixel of a grid shows of texels that are smaller than it: the mean of the finite ones that it covers, at most
/// 3 x 3; NaN where there are none. The texels begin at `corner`; each is texel_width x texel_height px. What the shader would
/// find anew in every frame, found once.
Tensor<float> means_under_pixels(const Tensor<float>& texels, Point corner, double texel_width, double texel_height,
                                 const PixelGrid& pixels);

}  // namespace saccade
