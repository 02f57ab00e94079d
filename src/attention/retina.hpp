#pragma once

#include <span>

#include "tensor/tensor.hpp"

namespace saccade {

/// A sensor that sees sharply where it looks and coarsely around (Mnih 2014, section 3.1, "glimpse sensor"): `scales` square
/// patches about one point, the first `cells` px wide, each next twice as wide, all resampled to cells x cells by the mean of
/// what each cell covers. What lies beyond the picture is 0.
struct Retina {
    Index scales = 1, cells = 8;

    /// Side of a cell of this scale, px: 1, 2, 4 ...
    Index cell_side(Index scale) const { return Index{1} << scale; }
    /// Width of this scale's patch, px.
    Index patch_side(Index scale) const { return cells * cell_side(scale); }
    /// Numbers that one look gives.
    Index values() const { return scales * cells * cells; }
    bool operator==(const Retina&) const = default;
};
/// Error{invalid_input}: 1 to 6 scales, 2 to 64 cells, an even number.
void require_valid(const Retina& retina);

/// The pixel edge that a place stands for on a side of this length: -1 is the near edge, 1 the far one; what lies beyond is
/// clipped. round((place + 1) / 2 * side), 0 to side.
template <class T>
Index edge_at(T place, Index side);

/// What the sensor sees: `pictures` [n, height, width] from 0 (black) to 1, `centres` [n, 2], x and y as edge_at gives them
/// -> [n, scales * cells * cells], scale by scale, row by row. The patch of a scale begins half its width before its centre.
template <class T>
Tensor<T> look(const Retina& retina, const Tensor<T>& pictures, std::span<const Index> centres);
/// The same, into rows of memory: one picture [height, width].
template <class T>
void look_at(const Retina& retina, const T* picture, Index height, Index width, Index centre_x, Index centre_y, T* seen);

}  // namespace saccade
