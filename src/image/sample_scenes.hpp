#pragma once

#include "image/scene.hpp"

namespace saccade {

// The built-in scenes, each drawn from shapes.

Scene ship_scene();
Scene airplane_scene();
Scene automobile_scene();
Scene truck_scene();
Scene shapes_scene();

}  // namespace saccade
