#include "image/sample_scenes.hpp"

namespace saccade {

Scene ship_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::sea;
    scene.shapes = {{ShapeKind::square, "white", 0.5, 0.5, 0.2}};
    return scene;
}

}  // namespace saccade
