#include "image/sample_scenes.hpp"

namespace saccade {

namespace {

SceneShape plain(ShapeKind kind, const std::string& color, double x, double y, double size, double angle = 0) {
    SceneShape shape;
    shape.kind = kind;
    shape.color = color;
    shape.x = x;
    shape.y = y;
    shape.size = size;
    shape.angle = angle;
    return shape;
}

}  // namespace

Scene shapes_scene() {
    Scene scene;
    scene.background.color = "#f1efe9";
    scene.shapes = {plain(ShapeKind::circle, "red", 0.28, 0.47, 0.30), plain(ShapeKind::square, "blue", 0.74, 0.52, 0.18, 8)};
    return scene;
}

Scene crowd_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::gradient;
    scene.background.color = "#e9edf2";
    scene.background.color_to = "#c3ccd6";
    scene.shapes = {plain(ShapeKind::square, "green", 0.30, 0.66, 0.30, -6),
                    plain(ShapeKind::circle, "yellow", 0.31, 0.66, 0.14), plain(ShapeKind::triangle, "blue", 0.74, 0.28, 0.28),
                    plain(ShapeKind::star, "red", 0.25, 0.24, 0.20, 10),
                    plain(ShapeKind::cross, "purple", 0.74, 0.72, 0.19, 20)};
    return scene;
}

Scene clutter_scene() {
    Scene scene;
    scene.background.color = "#dcd7cc";
    scene.clutter.amount = 0.8;
    scene.clutter.seed = 3;
    scene.shapes = {plain(ShapeKind::star, "orange", 0.67, 0.62, 0.30, -8), plain(ShapeKind::ring, "blue", 0.29, 0.32, 0.19)};
    return scene;
}

Scene night_scene() {
    Scene scene;
    scene.background.kind = BackgroundKind::gradient;
    scene.background.color = "#1d2431";
    scene.background.color_to = "#39435a";
    scene.shapes = {plain(ShapeKind::circle, "yellow", 0.70, 0.27, 0.27), plain(ShapeKind::triangle, "green", 0.34, 0.70, 0.30),
                    plain(ShapeKind::square, "red", 0.72, 0.74, 0.17, 12)};
    return scene;
}

}  // namespace saccade
