#pragma once

#include "exhibit/exhibit.hpp"
#include "image/load_image.hpp"

namespace saccade {

/// A picture as a network reads it.
struct PictureInput {
    PicturePtr read;
    Tensor<float> values;  // [y, x, 3], 0 to 1
};

/// The picture of the parameter "image", at "resolution" px on its longer side, both sides multiples of `multiple`; shown as
/// tensor "image" [image.y, image.x, color] at the size that a screen can use. What is read is kept: dragging a gate runs the
/// same picture many times a second.
PictureInput read_picture(RunContext& context, Index multiple);

}  // namespace saccade
