#pragma once

#include "image/samples.hpp"

namespace saccade {

/// A stroke of a pen through places of a picture of this size (fractions of its sides), `width` wide (a fraction of the shorter
/// one), as a shape of a scene; long ones lose places that lie on their way. At least one place: a dot.
SceneShape pen_stroke(const std::vector<std::array<double, 2>>& places, double width, const std::string& color,
                      Index picture_width = 1, Index picture_height = 1);

/// Ten digits as a pen writes them, white on black, drawn here: "sample:digit-4".
const std::vector<SceneSample>& digit_samples();
/// 0 to 9, in the middle of a square picture; its strokes are one group.
Scene digit_scene(int digit);

}  // namespace saccade
