#pragma once

#include "image/load_image.hpp"

namespace saccade {

/// The picture's numbers [y, x, 3], 0 to 1, kept while the picture is: dragging a gate runs the same picture many times a
/// second.
Tensor<float> picture_tensor(const PicturePtr& picture);

}  // namespace saccade
