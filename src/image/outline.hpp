#pragma once

#include <array>
#include <vector>

#include "image/scene.hpp"

namespace saccade {

/// The border of one shape in a picture of width x height pixels, as a signed distance in pixels: negative inside.
class Outline {
 public:
    Outline(const SceneShape& shape, double width, double height);

    struct Point {
        float x, y;
    };
    /// A place in pixels in the shape's own frame: [-1/2, 1/2] each way inside it.
    Point local(float x, float y) const {
        const Point p = turned(x, y);
        return {p.x * to_local_x_, p.y * to_local_y_};
    }
    /// Near the border right to first order; elsewhere of the right sign.
    float distance(float x, float y) const;
    /// No farther from zero than the true distance, of the same sign: what is certainly inside or outside.
    float bound(float x, float y) const;
    /// How much of the pixel around (x, y) is covered, its edge blurred by `soft`.
    float coverage(float x, float y) const;
    /// coverage() of the pixels [x0, x1) x [y0, y1), row by row; at most tile_side each way. Asks only what is near.
    void cover_tile(Index x0, Index y0, Index x1, Index y1, float* out) const;
    static constexpr Index tile_side = 8;
    /// Width of the zone, in pixels, over which coverage goes from 0 to 1.
    float edge() const { return edge_; }

    /// Pixels that it may touch, the blurred edge among them; not cut at the picture's border.
    struct Box {
        float x0, y0, x1, y1;
    };
    const Box& box() const { return box_; }

 private:
    Point turned(float x, float y) const {
        const float dx = x - center_x_, dy = y - center_y_;
        return {cos_ * dx + sin_ * dy, cos_ * dy - sin_ * dx};
    }
    float ellipse(Point p, float scale) const;
    float ellipse_bound(Point p, float scale) const;
    float rectangle(Point p) const;
    float polygon(Point p) const;
    /// Where the walk along the edges begins: a polygon's first edge comes from its last corner, a stroke has none there.
    Point before_first() const { return form_ == Form::stroke ? corners_.front() : corners_.back(); }
    void cover_polygon(Index x0, Index y0, Index x1, Index y1, float* out) const;
    float covered(float distance) const;
    void add_corners(const SceneShape& shape);
    void find_box();

    enum class Form { ellipse, ring, rectangle, polygon, stroke };
    Form form_ = Form::ellipse;
    float center_x_, center_y_, cos_, sin_;
    float half_width_, half_height_;  // pixels
    float to_local_x_, to_local_y_;
    float round_ = 0, edge_ = 1;
    bool soft_ = false;
    std::vector<Point> corners_;  // of a polygon or a stroke, in the picture
    Box box_{};
};

}  // namespace saccade
