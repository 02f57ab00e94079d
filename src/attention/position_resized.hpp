#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

// Learned positions of the patches of a picture, for pictures of another size: the codes of the patches, as they lie over the
// picture, are interpolated (Dosovitskiy 2021, section 3.2) by bicubic convolution (Keys 1981, a = -0.75), the middle of a
// patch being its place; beyond the border, the code at the border.
//
//   P'[y,x] = sum_u sum_v c(v - q) c(u - p) P[u,v],   p = (y + 1/2) rows / rows' - 1/2,   q = (x + 1/2) columns / columns' -
//   1/2

/// A grid of patches.
struct PatchGrid {
    Index rows = 0, columns = 0;
    bool operator==(const PatchGrid&) const = default;
};

/// table [special + from.rows from.columns, d] -> [special + to.rows to.columns, d]. The first `special` rows, of tokens that
/// are no patches, stay.
Tensor<float> resized_positions(const Tensor<float>& table, Index special, PatchGrid from, PatchGrid to);

}  // namespace saccade
