#include "image/sample_scenes.hpp"

namespace saccade {

Scene shapes_scene() {
    Scene scene;
    scene.background.color = "#f1efe9";
    scene.shapes = {{ShapeKind::circle, "red", 0.27, 0.30, 0.26},
                    {ShapeKind::square, "blue", 0.70, 0.34, 0.22, 8},
                    {ShapeKind::triangle, "green", 0.46, 0.74, 0.27}};
    return scene;
}

}  // namespace saccade
