#include "image/digits.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace saccade {

namespace {

using Place = std::array<double, 2>;
using Places = std::vector<Place>;

constexpr std::size_t most_places = 64;  // of one shape of a scene
constexpr double pen_width = 0.075;

double off_the_line(const Place& p, const Place& a, const Place& b) {
    const double x = b[0] - a[0], y = b[1] - a[1], length = x * x + y * y;
    const double along = length > 0 ? std::clamp(((p[0] - a[0]) * x + (p[1] - a[1]) * y) / length, 0.0, 1.0) : 0;
    return std::hypot(p[0] - a[0] - along * x, p[1] - a[1] - along * y);
}

/// Douglas and Peucker 1973: places nearer than `tolerance` to the line between those that stay are left out.
void keep_bends(const Places& places, std::size_t first, std::size_t last, double tolerance, Places& kept) {
    double most = 0;
    std::size_t bend = first;
    for (std::size_t i = first + 1; i < last; ++i)
        if (const double off = off_the_line(places[i], places[first], places[last]); off > most) {
            most = off;
            bend = i;
        }
    if (most > tolerance) {
        keep_bends(places, first, bend, tolerance, kept);
        keep_bends(places, bend, last, tolerance, kept);
    } else {
        kept.push_back(places[last]);
    }
}

Places thinned(const Places& places) {
    if (places.size() <= 2) return places;
    Places kept;
    for (double tolerance = 0.0015; kept.empty() || kept.size() > most_places; tolerance *= 2) {
        kept = {places.front()};
        keep_bends(places, 0, places.size() - 1, tolerance, kept);
    }
    return kept;
}

/// An open curve through the places (Catmull and Rom 1974).
Places smooth(const Places& places) {
    constexpr int between = 6;
    Places all;
    const auto at = [&](std::size_t i, int d) {
        const auto last = static_cast<std::ptrdiff_t>(places.size()) - 1;
        return places[static_cast<std::size_t>(std::clamp(static_cast<std::ptrdiff_t>(i) + d, std::ptrdiff_t{0}, last))];
    };
    for (std::size_t i = 0; i + 1 < places.size(); ++i)
        for (int k = 0; k < between; ++k) {
            const double t = static_cast<double>(k) / between, t2 = t * t, t3 = t2 * t;
            Place p{};
            for (std::size_t d = 0; d < 2; ++d)
                p[d] = 0.5 * (2 * at(i, 0)[d] + (at(i, 1)[d] - at(i, -1)[d]) * t +
                              (2 * at(i, -1)[d] - 5 * at(i, 0)[d] + 4 * at(i, 1)[d] - at(i, 2)[d]) * t2 +
                              (3 * at(i, 0)[d] - at(i, -1)[d] - 3 * at(i, 1)[d] + at(i, 2)[d]) * t3);
            all.push_back(p);
        }
    all.push_back(places.back());
    return all;
}

/// Strokes in a box of its own, x and y from 0 to 1.
const std::vector<std::vector<Places>>& glyphs() {
    static const std::vector<std::vector<Places>> all = {
        {{{0.56, 0.07}, {0.30, 0.22}, {0.20, 0.56}, {0.34, 0.88}, {0.60, 0.90}, {0.79, 0.60}, {0.76, 0.25}, {0.56, 0.07}}},
        {{{0.57, 0.07}, {0.50, 0.50}, {0.43, 0.93}}},
        {{{0.25, 0.28}, {0.42, 0.09}, {0.67, 0.13}, {0.71, 0.34}, {0.52, 0.61}, {0.24, 0.89}}, {{0.24, 0.89}, {0.80, 0.86}}},
        {{{0.27, 0.16}, {0.50, 0.07}, {0.70, 0.20}, {0.61, 0.41}, {0.42, 0.48}},
         {{0.42, 0.48}, {0.68, 0.55}, {0.74, 0.75}, {0.53, 0.92}, {0.24, 0.86}}},
        {{{0.35, 0.09}, {0.30, 0.32}, {0.23, 0.54}}, {{0.23, 0.54}, {0.80, 0.49}}, {{0.69, 0.12}, {0.64, 0.50}, {0.58, 0.94}}},
        {{{0.75, 0.10}, {0.38, 0.13}},
         {{0.38, 0.13}, {0.31, 0.45}},
         {{0.31, 0.45}, {0.57, 0.42}, {0.72, 0.62}, {0.58, 0.87}, {0.24, 0.89}}},
        {{{0.63, 0.07}, {0.38, 0.32}, {0.28, 0.64}, {0.39, 0.90}, {0.62, 0.88}, {0.71, 0.68}, {0.55, 0.54}, {0.31, 0.68}}},
        {{{0.23, 0.15}, {0.76, 0.12}}, {{0.76, 0.12}, {0.57, 0.48}, {0.45, 0.93}}},
        {{{0.64, 0.16},
          {0.43, 0.09},
          {0.32, 0.26},
          {0.50, 0.47},
          {0.69, 0.71},
          {0.53, 0.92},
          {0.32, 0.76},
          {0.50, 0.49},
          {0.71, 0.29},
          {0.64, 0.16}}},
        {{{0.69, 0.22}, {0.49, 0.10}, {0.31, 0.28}, {0.45, 0.48}, {0.66, 0.38}, {0.69, 0.22}},
         {{0.69, 0.22}, {0.66, 0.55}, {0.56, 0.93}}},
    };
    return all;
}

}  // namespace

SceneShape pen_stroke(const std::vector<std::array<double, 2>>& places, double width, const std::string& color,
                      Index picture_width, Index picture_height) {
    // In units of the shorter side, both ways.
    const auto shorter = static_cast<double>(std::min(picture_width, picture_height));
    const Place unit{static_cast<double>(picture_width) / shorter, static_cast<double>(picture_height) / shorter};
    Places kept = thinned(places);
    for (Place& p : kept) p = {p[0] * unit[0], p[1] * unit[1]};
    Place low = kept.front(), high = low;
    for (const Place& p : kept)
        for (std::size_t d = 0; d < 2; ++d) {
            low[d] = std::min(low[d], p[d]);
            high[d] = std::max(high[d], p[d]);
        }
    const double extent = std::max({high[0] - low[0], high[1] - low[1], 0.0});
    SceneShape shape;
    shape.kind = ShapeKind::stroke;
    shape.color = color;
    const Place middle{(low[0] + high[0]) / 2, (low[1] + high[1]) / 2};
    shape.x = middle[0] / unit[0];
    shape.y = middle[1] / unit[1];
    shape.size = extent + width;
    shape.round = width / 2 / shape.size;
    for (const Place& p : kept)
        shape.points.push_back(extent > 0 ? Place{(p[0] - middle[0]) / extent, (p[1] - middle[1]) / extent} : Place{});
    return shape;
}

const std::vector<SceneSample>& digit_samples() {
    static const std::vector<SceneSample> samples = [] {
        std::vector<SceneSample> all;
        for (int digit = 0; digit < 10; ++digit)
            all.push_back({fmt::format("digit-{}", digit), fmt::format("Digit {}", digit), fmt::format("数字 {}", digit), ""});
        return all;
    }();
    return samples;
}

Scene digit_scene(int digit) {
    constexpr double room = 0.62;  // of the picture
    Scene scene;
    scene.background = {.kind = BackgroundKind::plain, .color = "#000000"};
    for (const Places& stroke : glyphs().at(static_cast<std::size_t>(digit))) {
        Places places = stroke.size() > 2 ? smooth(stroke) : stroke;
        for (Place& p : places) p = {0.5 + (p[0] - 0.5) * room, 0.5 + (p[1] - 0.5) * room};
        scene.shapes.push_back(pen_stroke(places, pen_width, "white"));
        scene.shapes.back().group = "digit";
    }
    return scene;
}

}  // namespace saccade
