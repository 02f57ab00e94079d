#pragma once

#include "image/scene.hpp"

namespace saccade {

// The built-in scenes, each drawn from shapes.

Scene ship_scene();
Scene boat_scene();
Scene airplane_scene();
Scene automobile_scene();
Scene truck_scene();
Scene bird_scene();
Scene cat_scene();
Scene deer_scene();
Scene dog_scene();
Scene frog_scene();
Scene horse_scene();
Scene shapes_scene();
Scene crowd_scene();
Scene clutter_scene();
Scene night_scene();

}  // namespace saccade
