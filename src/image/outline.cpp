#include "image/outline.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace saccade {

namespace {

constexpr float ring_hole = 0.58f;  // the hole's extent, of the ring's
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
            form_ = Form::polygon;
            add_corners(shape);
    }
    find_box();
}

void Outline::add_corners(const SceneShape& shape) {
    // Rounding grows the shape by the radius again.
    const float inner_x = half_width_ - round_, inner_y = half_height_ - round_;
    for (const auto& [x, y] : corners_of(shape))
        corners_.push_back({static_cast<float>(x) * 2 * inner_x, static_cast<float>(y) * 2 * inner_y});
}

void Outline::find_box() {
    float reach_x = half_width_, reach_y = half_height_;
    for (const Point& corner : corners_) {
        reach_x = std::max(reach_x, std::abs(corner.x) + round_);
        reach_y = std::max(reach_y, std::abs(corner.y) + round_);
    }
    float box_x = std::abs(cos_) * reach_x + std::abs(sin_) * reach_y,
          box_y = std::abs(sin_) * reach_x + std::abs(cos_) * reach_y;
    if (form_ == Form::ellipse || form_ == Form::ring) {
        box_x = std::hypot(cos_ * reach_x, sin_ * reach_y);
        box_y = std::hypot(sin_ * reach_x, cos_ * reach_y);
    }
    box_ = {center_x_ - box_x, center_y_ - box_y, center_x_ + box_x, center_y_ + box_y};
    if (corners_.empty()) return;
    Box tight{std::numeric_limits<float>::max(), std::numeric_limits<float>::max(), std::numeric_limits<float>::lowest(),
              std::numeric_limits<float>::lowest()};
    for (const Point& corner : corners_) {
        const float x = center_x_ + cos_ * corner.x - sin_ * corner.y, y = center_y_ + sin_ * corner.x + cos_ * corner.y;
        tight = {std::min(tight.x0, x - round_), std::min(tight.y0, y - round_), std::max(tight.x1, x + round_),
                 std::max(tight.y1, y + round_)};
    }
    box_ = tight;
}

Outline::Point Outline::turned(float x, float y) const {
    const float dx = x - center_x_, dy = y - center_y_;
    return {cos_ * dx + sin_ * dy, cos_ * dy - sin_ * dx};
}

Outline::Point Outline::local(float x, float y) const {
    const Point p = turned(x, y);
    return {p.x / (2 * half_width_), p.y / (2 * half_height_)};
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

/// The distance to the nearest edge; inside where a ray crosses an odd number of edges.
float Outline::polygon(Point p) const {
    float nearest = std::numeric_limits<float>::max();
    bool inside = false;
    Point from = corners_.back();
    for (const Point& to : corners_) {
        const float ex = to.x - from.x, ey = to.y - from.y, px = p.x - from.x, py = p.y - from.y;
        const float length = ex * ex + ey * ey;
        const float along = length > 0 ? std::clamp((px * ex + py * ey) / length, 0.0f, 1.0f) : 0.0f;
        const float dx = px - along * ex, dy = py - along * ey;
        nearest = std::min(nearest, dx * dx + dy * dy);
        if ((from.y > p.y) != (to.y > p.y) && px < ex * py / ey) inside = !inside;
        from = to;
    }
    return (inside ? -1.0f : 1.0f) * std::sqrt(nearest) - round_;
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
            break;
    }
    return polygon(p);
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
            break;
    }
    return polygon(p);
}

float Outline::coverage(float x, float y) const {
    const float t = std::clamp(0.5f - distance(x, y) / edge_, 0.0f, 1.0f);
    return soft_ ? t * t * (3 - 2 * t) : t;
}

}  // namespace saccade
