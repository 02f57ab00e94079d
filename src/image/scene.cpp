#include "image/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "image/outline.hpp"

namespace saccade {

namespace {

constexpr double smallest_size = 0.001, largest_size = 6;  // of a part

const SceneShape& shape_of(const Scene& scene, int shape) {
    if (shape < 0 || static_cast<std::size_t>(shape) >= scene.shapes.size()) {
        throw Error(ErrorCode::out_of_range, fmt::format("there is no shape {}", shape + 1),
                    fmt::format("the scene has {}", scene.shapes.size()));
    }
    return scene.shapes[static_cast<std::size_t>(shape)];
}

/// Of the picture, in units of its shorter side: shapes are as wide as high there.
struct Extent {
    double width, height;
};

Extent extent_of(const Scene& scene) {
    const auto w = static_cast<double>(scene.width), h = static_cast<double>(scene.height), shorter = std::min(w, h);
    return {w / shorter, h / shorter};
}

struct Middle {
    double x, y;
};

Middle middle_of(const SceneBox& box) {
    return {(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
}

}  // namespace

std::vector<int> group_of(const Scene& scene, int shape) {
    const std::string& group = shape_of(scene, shape).group;
    if (group.empty()) return {shape};
    std::vector<int> members;
    for (std::size_t i = 0; i < scene.shapes.size(); ++i)
        if (scene.shapes[i].group == group) members.push_back(static_cast<int>(i));
    return members;
}

SceneBox shape_box(const Scene& scene, int shape) {
    const Extent extent = extent_of(scene);
    const Outline::Box box = Outline(shape_of(scene, shape), extent.width, extent.height).box();
    return {box.x0 / extent.width, box.y0 / extent.height, box.x1 / extent.width, box.y1 / extent.height};
}

SceneBox group_box(const Scene& scene, int shape) {
    SceneBox all = shape_box(scene, shape);
    for (const int member : group_of(scene, shape)) {
        const SceneBox box = shape_box(scene, member);
        all = {std::min(all.x0, box.x0), std::min(all.y0, box.y0), std::max(all.x1, box.x1), std::max(all.y1, box.y1)};
    }
    return all;
}

int shape_at(const Scene& scene, double x, double y, double slack) {
    const Extent extent = extent_of(scene);
    int nearest = -1;
    auto nearest_distance = static_cast<float>(slack);
    for (int i = static_cast<int>(scene.shapes.size()) - 1; i >= 0; --i) {
        const Outline outline(scene.shapes[static_cast<std::size_t>(i)], extent.width, extent.height);
        const float distance = outline.distance(static_cast<float>(x * extent.width), static_cast<float>(y * extent.height));
        if (distance <= 0) return i;
        if (distance >= nearest_distance) continue;
        nearest = i;
        nearest_distance = distance;
    }
    return nearest;
}

void move_shape(Scene& scene, int shape, double dx, double dy) {
    const Middle middle = middle_of(group_box(scene, shape));
    // What already lies outside may stay there, but goes no farther.
    const double x = std::clamp(middle.x + dx, std::min(0.0, middle.x), std::max(1.0, middle.x));
    const double y = std::clamp(middle.y + dy, std::min(0.0, middle.y), std::max(1.0, middle.y));
    for (const int member : group_of(scene, shape)) {
        SceneShape& part = scene.shapes[static_cast<std::size_t>(member)];
        part.x += x - middle.x;
        part.y += y - middle.y;
    }
}

void scale_shape(Scene& scene, int shape, double factor) {
    const Middle middle = middle_of(group_box(scene, shape));
    const std::vector<int> members = group_of(scene, shape);
    // One factor for all parts, so that the object keeps its form.
    for (const int member : members) {
        const double size = scene.shapes[static_cast<std::size_t>(member)].size;
        factor = std::clamp(factor, std::min(1.0, smallest_size / size), std::max(1.0, largest_size / size));
    }
    for (const int member : members) {
        SceneShape& part = scene.shapes[static_cast<std::size_t>(member)];
        part.size *= factor;
        part.x = middle.x + (part.x - middle.x) * factor;
        part.y = middle.y + (part.y - middle.y) * factor;
    }
}

void turn_shape(Scene& scene, int shape, double degrees) {
    const Middle middle = middle_of(group_box(scene, shape));
    const Extent extent = extent_of(scene);
    const double turn = degrees * std::numbers::pi / 180, c = std::cos(turn), s = std::sin(turn);
    for (const int member : group_of(scene, shape)) {
        SceneShape& part = scene.shapes[static_cast<std::size_t>(member)];
        const double x = (part.x - middle.x) * extent.width, y = (part.y - middle.y) * extent.height;
        part.x = middle.x + (c * x - s * y) / extent.width;
        part.y = middle.y + (s * x + c * y) / extent.height;
        part.angle = std::remainder(part.angle + degrees, 360.0);
    }
}

Tensor<float> shape_mask(const Scene& scene, int shape, Index height, Index width, bool visible) {
    shape_of(scene, shape);
    // Several points a cell where cells are large: a cell's value is how much of it is covered.
    const Index fine = std::max<Index>(1, (128 + std::min(height, width) - 1) / std::min(height, width));
    const auto w = static_cast<double>(width * fine), h = static_cast<double>(height * fine);
    std::vector<Outline> outlines;
    std::vector<float> opacities;
    for (auto i = static_cast<std::size_t>(shape); i < (visible ? scene.shapes.size() : static_cast<std::size_t>(shape) + 1);
         ++i) {
        outlines.emplace_back(scene.shapes[i], w, h);
        opacities.push_back(static_cast<float>(scene.shapes[i].opacity));
    }
    Tensor<float> mask({height, width});
    const Outline::Box box = outlines.front().box();
    const float margin = outlines.front().edge(), share = 1.0f / static_cast<float>(fine * fine);
    const auto first = [&](float from) { return std::max<Index>(0, static_cast<Index>(std::floor(from - margin))); };
    const auto last = [&](float to, Index end) { return std::min(end, static_cast<Index>(std::ceil(to + margin)) + 1); };
    for (Index y = first(box.y0); y < last(box.y1, height * fine); ++y) {
        for (Index x = first(box.x0); x < last(box.x1, width * fine); ++x) {
            const float px = static_cast<float>(x) + 0.5f, py = static_cast<float>(y) + 0.5f;
            float covered = outlines.front().coverage(px, py);
            for (std::size_t i = 1; i < outlines.size() && covered > 0; ++i) {
                const Outline::Box& front = outlines[i].box();
                const float edge = outlines[i].edge();
                if (px < front.x0 - edge || px > front.x1 + edge || py < front.y0 - edge || py > front.y1 + edge) continue;
                covered *= 1 - opacities[i] * outlines[i].coverage(px, py);
            }
            mask.data()[(y / fine) * width + x / fine] += covered * share;
        }
    }
    return mask;
}

}  // namespace saccade
