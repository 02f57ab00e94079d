#include "image/thing.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace saccade {

namespace {

using Place = Thing::Place;

constexpr double flat_aspect = 0.6;       // of ellipses and rectangles, see SceneShape::aspect
constexpr std::size_t most_corners = 64;  // of a polygon in JSON

Place between(const Place& a, const Place& b, const Place& c, const Place& d, double t) {
    const double t2 = t * t, t3 = t2 * t;
    Place result{};
    for (std::size_t i = 0; i < 2; ++i)
        result[i] = 0.5 * (2 * b[i] + (c[i] - a[i]) * t + (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t2 +
                           (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t3);
    return result;
}

std::vector<Place> smoothed(const std::vector<Place>& places) {
    const std::size_t n = places.size(), steps = std::max<std::size_t>(1, std::min<std::size_t>(6, most_corners / n));
    std::vector<Place> result;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t s = 0; s < steps; ++s)
            result.push_back(between(places[(i + n - 1) % n], places[i], places[(i + 1) % n], places[(i + 2) % n],
                                     static_cast<double>(s) / static_cast<double>(steps)));
    return result;
}

}  // namespace

SceneShape& Thing::add(ShapeKind kind, const std::string& color) {
    SceneShape shape;
    shape.kind = kind;
    shape.color = color;
    shape.group = group_;
    return scene_.shapes.emplace_back(std::move(shape));
}

SceneShape& Thing::oval(const std::string& color, double x, double y, double width, double height, double angle) {
    SceneShape& shape = add(ShapeKind::ellipse, color);
    shape.x = x;
    shape.y = y;
    shape.size = width;
    shape.aspect = height / width / flat_aspect;
    shape.angle = angle;
    return shape;
}

SceneShape& Thing::box(const std::string& color, double x, double y, double width, double height, double angle) {
    SceneShape& shape = oval(color, x, y, width, height, angle);
    shape.kind = ShapeKind::rectangle;
    return shape;
}

SceneShape& Thing::line(const std::string& color, Place from, Place to, double width) {
    const double dx = to[0] - from[0], dy = to[1] - from[1], length = std::hypot(dx, dy) + width;
    SceneShape& shape =
        box(color, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2, length, width, std::atan2(dy, dx) * 180 / std::numbers::pi);
    shape.round = 0.5;
    return shape;
}

SceneShape& Thing::polygon(const std::string& color, const std::vector<Place>& corners) {
    Place low = corners.front(), high = corners.front();
    for (const Place& corner : corners)
        for (std::size_t i = 0; i < 2; ++i) {
            low[i] = std::min(low[i], corner[i]);
            high[i] = std::max(high[i], corner[i]);
        }
    SceneShape& shape = add(ShapeKind::polygon, color);
    const double width = std::max(high[0] - low[0], 1e-3), height = std::max(high[1] - low[1], 1e-3);
    shape.x = (low[0] + high[0]) / 2;
    shape.y = (low[1] + high[1]) / 2;
    shape.size = width;
    shape.aspect = height / width;
    for (const Place& corner : corners) shape.points.push_back({(corner[0] - shape.x) / width, (corner[1] - shape.y) / height});
    return shape;
}

SceneShape& Thing::curve(const std::string& color, const std::vector<Place>& places) {
    return polygon(color, smoothed(places));
}

SceneShape& Thing::limb(const std::string& color, const std::vector<Place>& places, const std::vector<double>& widths) {
    std::vector<Place> left, right;
    for (std::size_t i = 0; i < places.size(); ++i) {
        const Place& before = places[i == 0 ? 0 : i - 1];
        const Place& after = places[std::min(i + 1, places.size() - 1)];
        const double dx = after[0] - before[0], dy = after[1] - before[1], length = std::max(std::hypot(dx, dy), 1e-6);
        const double half = widths[std::min(i, widths.size() - 1)] / 2, nx = -dy / length * half, ny = dx / length * half;
        left.push_back({places[i][0] + nx, places[i][1] + ny});
        right.push_back({places[i][0] - nx, places[i][1] - ny});
    }
    left.insert(left.end(), right.rbegin(), right.rend());
    return curve(color, left);
}

SceneShape& Thing::ring(const std::string& color, double x, double y, double size) {
    SceneShape& shape = add(ShapeKind::ring, color);
    shape.x = x;
    shape.y = y;
    shape.size = size;
    return shape;
}

}  // namespace saccade
