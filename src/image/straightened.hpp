#pragma once

#include <array>

#include "image/image.hpp"

namespace saccade {

/// A place in a picture, as shares of its width and height.
struct PicturePlace {
    double x, y;
    bool operator==(const PicturePlace&) const = default;
};
/// Of a part of a picture: upper left, upper right, lower right, lower left, as the part is to be seen.
using Corners = std::array<PicturePlace, 4>;
inline constexpr Corners whole_picture{{{0, 0}, {1, 0}, {1, 1}, {0, 1}}};

/// Corners that lie around a part, whatever a hand did with them.
struct UsedCorners {
    enum class How {
        as_given,
        in_order,  // their sides crossed: taken clockwise, the one that is most to the upper left first
        box        // one lies between the others, or all on one line: what lies around all of them, upright
    };
    Corners corners;
    How how = How::as_given;
};
UsedCorners used_corners(const Corners& given);

/// How wide and high the part is, in pixels of a picture of that size: the longer of each two opposite sides.
ImageSize size_within(const Corners& corners, Index width, Index height);

/// The part of a picture within corners that lie around it (used_corners), as seen from the front: grey [height, width], 0 to 1
/// (luma of Rec. 601). A plane that was photographed askew becomes upright again (a projective map); where the part shrinks,
/// each pixel is the mean of the places that it covers.
Tensor<float> straightened(const Image& image, const Corners& corners, Index height, Index width);

}  // namespace saccade
