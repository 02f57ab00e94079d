#pragma once

#include <vector>

#include "image/image.hpp"
#include "image/scene.hpp"

namespace saccade {

/// Rows [first, last) of the background.
void draw_background(const SceneBackground& background, Image& image, Index first, Index last);

/// The strokes and spots of the clutter, as shapes.
std::vector<SceneShape> clutter_shapes(const SceneClutter& clutter);

}  // namespace saccade
