#include "image/outline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace saccade {

namespace {

constexpr std::size_t most_corners = 64;  // that a tile is drawn fast with
constexpr float ring_hole = 0.58f;        // the hole's extent, of the ring's
constexpr double star_inner = 0.42, cross_arm = 0.17;
constexpr double flat_aspect = 0.6;  // of ellipses and rectangles

using Corners = std::vector<std::array<double, 2>>;

Corners star_corners() {
    Corners corners;
    for (int i = 0; i < 10; ++i) {
        const double radius = 0.5 * (i % 2 == 0 ? 1 : star_inner), angle = std::numbers::pi * (i / 5.0 - 0.5);
        corners.push_back({radius * std::cos(angle), radius * std::sin(angle)});
    }
    return corners;
}

Corners corners_of(const SceneShape& shape) {
    constexpr double a = cross_arm, h = 0.4330127;  // an equilateral triangle is 0.866 high
    switch (shape.kind) {
        case ShapeKind::triangle:
            return {{0, -h}, {0.5, h}, {-0.5, h}};
        case ShapeKind::diamond:
            return {{0, -0.5}, {0.5, 0}, {0, 0.5}, {-0.5, 0}};
        case ShapeKind::cross:
            return {{-a, -0.5}, {a, -0.5}, {a, -a}, {0.5, -a}, {0.5, a},   {a, a},
                    {a, 0.5},   {-a, 0.5}, {-a, a}, {-0.5, a}, {-0.5, -a}, {-a, -a}};
        case ShapeKind::star:
            return star_corners();
        default:
            return shape.points;
    }
}

}  // namespace

Outline::Outline(const SceneShape& shape, double width, double height) {
    const double shorter = std::min(width, height), turn = shape.angle * std::numbers::pi / 180;
    const bool flat = shape.kind == ShapeKind::ellipse || shape.kind == ShapeKind::rectangle;
    center_x_ = static_cast<float>(shape.x * width);
    center_y_ = static_cast<float>(shape.y * height);
    cos_ = static_cast<float>(std::cos(turn));
    sin_ = static_cast<float>(std::sin(turn));
    half_width_ = static_cast<float>(shape.size * shorter / 2);
    half_height_ = half_width_ * static_cast<float>(shape.aspect * (flat ? flat_aspect : 1));
    to_local_x_ = 1 / (2 * half_width_);
    to_local_y_ = 1 / (2 * half_height_);
    round_ = static_cast<float>(shape.round) * 2 * std::min(half_width_, half_height_);
    soft_ = shape.soft > 0;
    edge_ = std::max(1.0f, static_cast<float>(shape.soft) * 2 * half_width_);
    switch (shape.kind) {
        case ShapeKind::circle:
        case ShapeKind::ellipse:
            form_ = Form::ellipse;
            break;
        case ShapeKind::ring:
            form_ = Form::ring;
            break;
        case ShapeKind::square:
        case ShapeKind::rectangle:
            form_ = Form::rectangle;
            break;
        default:
            form_ = shape.kind == ShapeKind::stroke ? Form::stroke : Form::polygon;
            add_corners(shape);
            if (corners_.empty()) corners_.push_back({center_x_, center_y_});
    }
    find_box();
}

void Outline::add_corners(const SceneShape& shape) {
    // Rounding grows the shape by the radius again.
    const float inner_x = half_width_ - round_, inner_y = half_height_ - round_;
    for (const auto& [x, y] : corners_of(shape)) {
        const float u = static_cast<float>(x) * 2 * inner_x, v = static_cast<float>(y) * 2 * inner_y;
        corners_.push_back({center_x_ + cos_ * u - sin_ * v, center_y_ + sin_ * u + cos_ * v});
    }
}

void Outline::find_box() {
    float reach_x = std::abs(cos_) * half_width_ + std::abs(sin_) * half_height_;
    float reach_y = std::abs(sin_) * half_width_ + std::abs(cos_) * half_height_;
    if (form_ == Form::ellipse || form_ == Form::ring) {
        reach_x = std::hypot(cos_ * half_width_, sin_ * half_height_);
        reach_y = std::hypot(sin_ * half_width_, cos_ * half_height_);
    }
    box_ = {center_x_ - reach_x, center_y_ - reach_y, center_x_ + reach_x, center_y_ + reach_y};
    if (corners_.empty()) return;
    box_ = {corners_[0].x, corners_[0].y, corners_[0].x, corners_[0].y};
    for (const Point& corner : corners_) {
        box_ = {std::min(box_.x0, corner.x - round_), std::min(box_.y0, corner.y - round_),
                std::max(box_.x1, corner.x + round_), std::max(box_.y1, corner.y + round_)};
    }
}

/// Of first order at the border: (k - 1) over the length of k's gradient, where k is 1 on the ellipse.
float Outline::ellipse(Point p, float scale) const {
    const float a = half_width_ * scale, b = half_height_ * scale;
    const float x = p.x / a, y = p.y / b, k = std::sqrt(x * x + y * y);
    const float gradient = std::hypot(x / a, y / b);
    return gradient > 0 ? k * (k - 1) / gradient : -std::min(a, b);
}

/// The ellipse through p with the same axes' ratio lies at least that far from the border everywhere.
float Outline::ellipse_bound(Point p, float scale) const {
    const float a = half_width_ * scale, b = half_height_ * scale;
    return (std::hypot(p.x / a, p.y / b) - 1) * std::min(a, b);
}

float Outline::rectangle(Point p) const {
    const float x = std::abs(p.x) - (half_width_ - round_), y = std::abs(p.y) - (half_height_ - round_);
    return std::hypot(std::max(x, 0.0f), std::max(y, 0.0f)) + std::min(std::max(x, y), 0.0f) - round_;
}

namespace {

float squared_distance(float x, float y, float from_x, float from_y, float to_x, float to_y) {
    const float ex = to_x - from_x, ey = to_y - from_y, px = x - from_x, py = y - from_y;
    const float length = ex * ex + ey * ey;
    const float along = length > 0 ? std::clamp((px * ex + py * ey) / length, 0.0f, 1.0f) : 0.0f;
    const float dx = px - along * ex, dy = py - along * ey;
    return dx * dx + dy * dy;
}

/// Where an edge crosses the line y, if it does.
bool crosses(float y, float from_x, float from_y, float to_x, float to_y, float& x) {
    if ((from_y > y) == (to_y > y)) return false;
    x = from_x + (to_x - from_x) * (y - from_y) / (to_y - from_y);
    return true;
}

}  // namespace

/// The distance to the nearest edge; inside where a ray crosses an odd number of edges.
float Outline::polygon(Point p) const {
    float nearest = std::numeric_limits<float>::max();
    bool inside = false;
    Point from = before_first();
    for (const Point& to : corners_) {
        nearest = std::min(nearest, squared_distance(p.x, p.y, from.x, from.y, to.x, to.y));
        float x = 0;
        if (form_ == Form::polygon && crosses(p.y, from.x, from.y, to.x, to.y, x) && p.x < x) inside = !inside;
        from = to;
    }
    return (inside ? -1.0f : 1.0f) * std::sqrt(nearest) - round_;
}

void Outline::cover_polygon(Index x0, Index y0, Index x1, Index y1, float* out) const {
    struct Edge {
        float x, y, ex, ey, per_length;
    };
    // Edges farther away than this change nothing: there a pixel is covered or not.
    const float reach = round_ + edge_ / 2 + 1, half = static_cast<float>(tile_side) / 2;
    const float far = reach + half * 1.4143f;
    const float middle_x = static_cast<float>(x0) + half, middle_y = static_cast<float>(y0) + half;
    std::array<Edge, most_corners> near;
    std::size_t near_edges = 0;
    Point from = before_first();
    for (const Point& to : corners_) {
        if (squared_distance(middle_x, middle_y, from.x, from.y, to.x, to.y) < far * far) {
            const float ex = to.x - from.x, ey = to.y - from.y, length = ex * ex + ey * ey;
            near[near_edges++] = {from.x, from.y, ex, ey, length > 0 ? 1 / length : 0.0f};
        }
        from = to;
    }
    std::array<float, most_corners> crossings;
    for (Index y = y0; y < y1; ++y) {
        const float py = static_cast<float>(y) + 0.5f, px = static_cast<float>(x0) + 0.5f;
        std::array<float, tile_side> nearest, sign;
        nearest.fill(reach * reach);
        sign.fill(1);
        for (std::size_t e = 0; e < near_edges; ++e) {
            const Edge& edge = near[e];
            const float v = py - edge.y;
            for (std::size_t i = 0; i < tile_side; ++i) {
                const float u = px + static_cast<float>(i) - edge.x;
                const float along = std::min(std::max((u * edge.ex + v * edge.ey) * edge.per_length, 0.0f), 1.0f);
                const float dx = u - along * edge.ex, dy = v - along * edge.ey;
                nearest[i] = std::min(nearest[i], dx * dx + dy * dy);
            }
        }
        std::size_t crossed = 0;
        from = before_first();
        for (const Point& to : corners_) {
            if (form_ == Form::polygon && crosses(py, from.x, from.y, to.x, to.y, crossings[crossed])) ++crossed;
            from = to;
        }
        for (std::size_t c = 0; c < crossed; ++c)
            for (std::size_t i = 0; i < tile_side; ++i)
                sign[i] = px + static_cast<float>(i) < crossings[c] ? -sign[i] : sign[i];
        for (std::size_t i = 0; i < static_cast<std::size_t>(x1 - x0); ++i)
            *out++ = covered(sign[i] * std::sqrt(nearest[i]) - round_);
    }
}

void Outline::cover_tile(Index x0, Index y0, Index x1, Index y1, float* out) const {
    if ((form_ == Form::polygon || form_ == Form::stroke) && corners_.size() <= most_corners)
        return cover_polygon(x0, y0, x1, y1, out);
    for (Index y = y0; y < y1; ++y)
        for (Index x = x0; x < x1; ++x) *out++ = coverage(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
}

float Outline::covered(float distance) const {
    const float t = std::clamp(0.5f - distance / edge_, 0.0f, 1.0f);
    return soft_ ? t * t * (3 - 2 * t) : t;
}

float Outline::distance(float x, float y) const {
    const Point p = turned(x, y);
    switch (form_) {
        case Form::ellipse:
            return ellipse(p, 1);
        case Form::ring:
            return std::max(ellipse(p, 1), -ellipse(p, ring_hole));
        case Form::rectangle:
            return rectangle(p);
        case Form::polygon:
        case Form::stroke:
            break;
    }
    return polygon({x, y});
}

float Outline::bound(float x, float y) const {
    const Point p = turned(x, y);
    switch (form_) {
        case Form::ellipse:
            return ellipse_bound(p, 1);
        case Form::ring:
            return std::max(ellipse_bound(p, 1), -ellipse_bound(p, ring_hole));
        case Form::rectangle:
            return rectangle(p);
        case Form::polygon:
        case Form::stroke:
            break;
    }
    return polygon({x, y});
}

float Outline::coverage(float x, float y) const {
    return covered(distance(x, y));
}

}  // namespace saccade
