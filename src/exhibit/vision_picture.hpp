#pragma once

#include "checkpoint/preprocessing.hpp"
#include "exhibit/exhibit.hpp"

namespace saccade {

/// The picture of the parameter "image" as the model reads it [height, width, channels], 0 to 1. Shows what of the picture that
/// is as tensor "image" [image.y, image.x, color], at a size for the screen, and says in notes where it is read otherwise than
/// the model's folder asks for.
Tensor<float> read_vision_picture(RunContext& context, const VisionReading& reading);

}  // namespace saccade
