#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.hpp"

namespace saccade {

enum class ShapeKind { circle, ellipse, square, rectangle, triangle, star, cross, ring, diamond, polygon, stroke };
std::string to_string(ShapeKind kind);
/// Those that menus offer: all but strokes, which a pen draws.
const std::vector<ShapeKind>& shape_kinds();

/// One shape. x, y: its centre as fractions of the picture's width and height. size: its extent (diameter, side, width) as a
/// fraction of the picture's shorter side. The shape is drawn in its own frame, [-1/2, 1/2] each way, y down, then scaled by
/// size (and size * aspect in height), turned by `angle` and put at x, y.
struct SceneShape {
    ShapeKind kind = ShapeKind::circle;
    std::string color = "red";  // a name (color_names()) or #rrggbb
    double x = 0.5, y = 0.5;
    double size = 0.2;
    double angle = 0;     // degrees, clockwise
    double aspect = 1;    // height / width; of an ellipse and a rectangle 0.6 times this
    std::string group{};  // shapes of one group are one object and move together; also its name ("ship")
    // How it looks; the defaults are a plain flat shape.
    std::string color_to{};  // not empty: the colour runs from `color` at its top to this at its bottom
    double shade = 0;        // 0 to 1: lit from above left, dark below right, as a round body is
    double soft = 0;         // width of the edge's blur, as a fraction of size
    double texture = 0;      // 0 to 1: fine grain
    double opacity = 1;
    double round = 0;  // corner radius as a fraction of size (all but circle, ellipse, ring)
    // polygon: its corners, in the shape's own frame; stroke: a line through them whose half width is `round`
    std::vector<std::array<double, 2>> points{};
    bool operator==(const SceneShape&) const = default;
};

/// What lies behind. plain: color. gradient: color at the top to color_to at the bottom. sky: that with clouds. sea, meadow,
/// road: sky (color) down to `horizon`, below it (color_to) water, grass, or a road in grass. room: a wall, a floor. foliage:
/// leaves out of focus. noise: coloured grain around color.
enum class BackgroundKind { plain, gradient, sky, sea, meadow, road, room, foliage, noise };
std::string to_string(BackgroundKind kind);
const std::vector<BackgroundKind>& background_kinds();

struct SceneBackground {
    BackgroundKind kind = BackgroundKind::plain;
    std::string color{}, color_to{};  // empty: as the kind has it
    double horizon = 0.6;             // fraction of the height
    std::uint64_t seed = 0;           // clouds, waves, grain
    bool operator==(const SceneBackground&) const = default;
};

/// Small strokes and spots of muted colours between the background and the shapes: what attention should not look at.
struct SceneClutter {
    double amount = 0;  // 0 to 1
    std::uint64_t seed = 0;
    bool operator==(const SceneClutter&) const = default;
};

struct Scene {
    Index width = 512, height = 512;  // its usual size in pixels, 16 to 4096; it can be drawn at any
    SceneBackground background;
    SceneClutter clutter;
    std::vector<SceneShape> shapes;  // from the back to the front; at most 256
    bool operator==(const Scene&) const = default;
};

/// Antialiased; the same bits whenever and at any thread count. Sides 1 to 4096.
Image draw(const Scene& scene, Index width, Index height);
/// At the scene's own size.
Image draw(const Scene& scene);

/// The topmost shape at a point (fractions of the picture), -1 if there is none. `slack`: what lies within this distance (a
/// fraction of the shorter side) of a small shape also finds it.
int shape_at(const Scene& scene, double x, double y, double slack = 0);

/// The shapes that move with this one: its group, or itself.
std::vector<int> group_of(const Scene& scene, int shape);
/// Moves the shape and its group by fractions of the picture; the middle of the group's box stays in the picture.
void move_shape(Scene& scene, int shape, double dx, double dy);
/// Scales or turns the shape and its group about the middle of its box (sizes stay within 0.001 to 6; degrees clockwise).
void scale_shape(Scene& scene, int shape, double factor);
void turn_shape(Scene& scene, int shape, double degrees);

/// Fractions of the picture, not cut at its border.
struct SceneBox {
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    bool contains(double x, double y) const { return x >= x0 && x <= x1 && y >= y0 && y <= y1; }
};
/// The box around one shape.
SceneBox shape_box(const Scene& scene, int shape);
/// The box around a shape and its group.
SceneBox group_box(const Scene& scene, int shape);

/// [height, width], 0 to 1: how much of each cell the shape covers. visible: less what shapes in front of it hide.
Tensor<float> shape_mask(const Scene& scene, int shape, Index height, Index width, bool visible = true);

/// Values that are the default are left out.
nlohmann::json to_json(const Scene& scene);
/// Error{bad_format} names the shape (from 1) and the key.
Scene scene_from_json(const nlohmann::json& document);
/// "scene:{...}": what an image parameter holds.
std::string scene_value(const Scene& scene);
/// The JSON text after "scene:".
Scene scene_from_text(std::string_view text);

}  // namespace saccade
