#pragma once

#include "image/scene.hpp"

namespace saccade {

// The built-in scenes, each drawn from shapes.

Scene ship_scene();
Scene shapes_scene();

}  // namespace saccade
