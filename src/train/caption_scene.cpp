#include "train/caption_scene.hpp"

#include <fmt/core.h>
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "image/color.hpp"

namespace saccade {

namespace {

constexpr Index coarse = 48;  // cells a side of the masks that say how much two shapes share

/// What a shape covers for captions: a ring's hole belongs to it.
Scene filled(const Scene& scene) {
    Scene copy = scene;
    for (SceneShape& shape : copy.shapes)
        if (shape.kind == ShapeKind::ring) shape.kind = ShapeKind::circle;
    return copy;
}

/// From a to b in pixels of the scene, so that wide pictures do not squeeze angles.
struct Offset {
    double x, y;
};

Offset offset_of(const Scene& scene, int a, int b) {
    const SceneShape& from = scene.shapes[static_cast<std::size_t>(a)];
    const SceneShape& to = scene.shapes[static_cast<std::size_t>(b)];
    return {(to.x - from.x) * static_cast<double>(scene.width), (to.y - from.y) * static_cast<double>(scene.height)};
}

/// Too far from each other to touch, whatever they are.
bool apart(const Scene& scene, int a, int b) {
    const auto reach = [&](int i) {
        const SceneShape& s = scene.shapes[static_cast<std::size_t>(i)];
        return 0.71 * s.size * std::max(1.0, s.aspect) * static_cast<double>(std::min(scene.width, scene.height));
    };
    const Offset d = offset_of(scene, a, b);
    return std::hypot(d.x, d.y) > reach(a) + reach(b);
}

struct Shared {
    double of_a, of_b;  // share of each that lies within the other
};

Shared shared_area(const Scene& scene, int a, int b) {
    if (apart(scene, a, b)) return {0, 0};
    const Scene solid = filled(scene);
    const Tensor<float> ma = shape_mask(solid, a, coarse, coarse, false), mb = shape_mask(solid, b, coarse, coarse, false);
    double area_a = 0, area_b = 0, both = 0;
    for (Index i = 0; i < ma.size(); ++i) {
        const double va = static_cast<double>(ma.data()[i]), vb = static_cast<double>(mb.data()[i]);
        area_a += va;
        area_b += vb;
        both += std::min(va, vb);
    }
    return {both / std::max(area_a, 1e-9), both / std::max(area_b, 1e-9)};
}

double color_distance(const std::array<std::uint8_t, 3>& a, const std::array<std::uint8_t, 3>& b) {
    double sum = 0;
    for (std::size_t c = 0; c < 3; ++c) {
        const double d = static_cast<double>(a[c]) - static_cast<double>(b[c]);
        sum += d * d;
    }
    return std::sqrt(sum);
}

int nearest_color(const std::string& color) {
    const auto rgb = color_rgb(color);
    int best = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < caption_colors().size(); ++c)
        if (const double d = color_distance(rgb, color_rgb(caption_colors()[c])); d < least) {
            least = d;
            best = static_cast<int>(c);
        }
    return best;
}

int nearest_kind(ShapeKind kind) {
    const auto& kinds = caption_kinds();
    if (kind == ShapeKind::ellipse) kind = ShapeKind::circle;
    const auto found = std::ranges::find(kinds, kind);
    return static_cast<int>((found == kinds.end() ? std::ranges::find(kinds, ShapeKind::square) : found) - kinds.begin());
}

double between(Rng& rng, double low, double high) {
    return low + (high - low) * rng.uniform();
}

template <class T>
const T& one_of(Rng& rng, const std::vector<T>& values) {
    return values[rng.below(values.size())];
}

std::string hex(const std::array<double, 3>& rgb) {
    std::array<int, 3> c{};
    for (std::size_t i = 0; i < 3; ++i) c[i] = static_cast<int>(std::clamp(rgb[i], 0.0, 255.0) + 0.5);
    return fmt::format("#{:02x}{:02x}{:02x}", c[0], c[1], c[2]);
}

std::string varied(Rng& rng, const std::string& color, double by) {
    const auto rgb = color_rgb(color);
    std::array<double, 3> c{};
    for (std::size_t i = 0; i < 3; ++i) c[i] = static_cast<double>(rgb[i]) + between(rng, -by, by);
    return hex(c);
}

/// Muted: grey of any brightness with a tinge.
std::string ground_color(Rng& rng) {
    const double grey = rng.uniform() < 0.7 ? between(rng, 165, 250) : between(rng, 35, 150);
    std::array<double, 3> c{};
    for (double& v : c) v = grey + between(rng, -16, 16);
    return hex(c);
}

bool is_landscape(const SceneBackground& ground) {
    return ground.kind != BackgroundKind::plain && ground.kind != BackgroundKind::gradient &&
           ground.kind != BackgroundKind::noise;
}

SceneBackground random_background(Rng& rng) {
    SceneBackground ground;
    const double kind = rng.uniform();
    ground.color = ground_color(rng);
    ground.seed = rng.below(1000000);
    if (kind < 0.45) return ground;
    if (kind < 0.65) {
        ground.kind = BackgroundKind::gradient;
        ground.color_to = ground_color(rng);
    } else if (kind < 0.8) {
        ground.kind = BackgroundKind::noise;
    } else {
        ground.kind = one_of(rng, background_kinds());
        if (ground.kind == BackgroundKind::gradient) ground.color_to = ground_color(rng);
        if (is_landscape(ground)) ground.color.clear();  // as the kind has it
        ground.horizon = between(rng, 0.35, 0.75);
    }
    return ground;
}

/// Shapes whose colour the ground has are left out: nobody could see them.
bool stands_out(const SceneBackground& ground, const std::string& color) {
    const auto rgb = color_rgb(color);
    for (const std::string& behind : {ground.color, ground.color_to})
        if (!behind.empty() && color_distance(rgb, color_rgb(behind)) < 60) return false;
    return !is_landscape(ground) || (color != "white" && color != "blue" && color != "green");
}

SceneShape random_shape(Rng& rng, const SceneBackground& ground) {
    SceneShape shape;
    std::string color;
    do color = one_of(rng, caption_colors());
    while (!stands_out(ground, color));
    shape.color = rng.uniform() < 0.5 ? color : varied(rng, color, 10);
    shape.kind = one_of(rng, caption_kinds());
    shape.size = rng.uniform() < 0.5 ? between(rng, 0.12, 0.215) : between(rng, 0.255, 0.40);
    shape.x = between(rng, 0.08, 0.92);
    shape.y = between(rng, 0.08, 0.92);
    if (rng.uniform() < 0.4) shape.angle = between(rng, -20, 20);
    return shape;
}

double total(const Tensor<float>& mask) {
    double sum = 0;
    for (const float v : mask.values()) sum += static_cast<double>(v);
    return sum;
}

/// Is the shape on top of the others well placed: nothing hidden, no share that is neither a little nor much?
bool fits(const Scene& scene) {
    const int last = static_cast<int>(scene.shapes.size()) - 1;
    const auto words = caption_shapes(scene);
    const auto word_of = [&](int i) { return *std::ranges::find(words, i, &CaptionShape::index); };
    const CaptionShape own = word_of(last);
    for (int i = 0; i < last; ++i) {
        const CaptionShape other = word_of(i);
        if (other.color == own.color && other.kind == own.kind) return false;
        const Shared s = shared_area(scene, last, i);
        const double most = std::max(s.of_a, s.of_b);
        if (most > 0.01 && most < 0.08) return false;
        if (most == 0) continue;
        if (most > 0.08 && (nearest_color(scene.shapes[static_cast<std::size_t>(i)].color) == own.color)) return false;
        if (s.of_a > 0.75 && s.of_a < 0.95) return false;
        const double whole = total(shape_mask(scene, i, coarse, coarse, false));
        if (total(shape_mask(scene, i, coarse, coarse, true)) < 0.6 * whole) return false;
    }
    return true;
}

int random_count(Rng& rng) {
    const double u = rng.uniform();
    return u < 0.15 ? 1 : u < 0.42 ? 2 : u < 0.67 ? 3 : u < 0.85 ? 4 : 5;
}

}  // namespace

const std::vector<CaptionRelation>& caption_relations() {
    static const std::vector<CaptionRelation> all = {
        CaptionRelation::left_of, CaptionRelation::right_of, CaptionRelation::above,   CaptionRelation::below,
        CaptionRelation::inside,  CaptionRelation::contains, CaptionRelation::overlaps};
    return all;
}

const std::vector<std::string>& caption_colors() {
    static const std::vector<std::string> all = {"red", "orange", "yellow", "green", "blue", "purple", "black", "white"};
    return all;
}

const std::vector<ShapeKind>& caption_kinds() {
    static const std::vector<ShapeKind> all = {ShapeKind::circle, ShapeKind::square, ShapeKind::triangle,
                                               ShapeKind::star,   ShapeKind::cross,  ShapeKind::ring};
    return all;
}

std::vector<CaptionShape> caption_shapes(const Scene& scene) {
    std::vector<CaptionShape> all;
    for (std::size_t i = 0; i < scene.shapes.size(); ++i) {
        const SceneShape& shape = scene.shapes[i];
        all.push_back({static_cast<int>(i), shape.size >= large_from, nearest_color(shape.color), nearest_kind(shape.kind)});
    }
    std::ranges::stable_sort(all, [&](const CaptionShape& a, const CaptionShape& b) {
        if (a.large != b.large) return a.large;
        return scene.shapes[static_cast<std::size_t>(a.index)].x < scene.shapes[static_cast<std::size_t>(b.index)].x;
    });
    return all;
}

CaptionRelation relation_of(const Scene& scene, int a, int b) {
    const Shared s = shared_area(scene, a, b);
    if (s.of_a >= 0.9) return CaptionRelation::inside;
    if (s.of_b >= 0.9) return CaptionRelation::contains;
    if (std::max(s.of_a, s.of_b) > 0.05) return CaptionRelation::overlaps;
    const Offset d = offset_of(scene, a, b);
    if (std::abs(d.x) >= std::abs(d.y)) return d.x > 0 ? CaptionRelation::left_of : CaptionRelation::right_of;
    return d.y > 0 ? CaptionRelation::above : CaptionRelation::below;
}

bool may_say(const Scene& scene, int a, CaptionRelation relation, int b) {
    const Shared s = shared_area(scene, a, b);
    const double most = std::max(s.of_a, s.of_b);
    const Offset d = offset_of(scene, a, b);
    switch (relation) {
        case CaptionRelation::inside:
            return s.of_a >= 0.75;
        case CaptionRelation::contains:
            return s.of_b >= 0.75;
        case CaptionRelation::overlaps:
            return most > 0.02 && s.of_a < 0.97 && s.of_b < 0.97;
        case CaptionRelation::left_of:
            return most < 0.2 && d.x >= 0.6 * std::abs(d.y);
        case CaptionRelation::right_of:
            return most < 0.2 && -d.x >= 0.6 * std::abs(d.y);
        case CaptionRelation::above:
            return most < 0.2 && d.y >= 0.6 * std::abs(d.x);
        case CaptionRelation::below:
            return most < 0.2 && -d.y >= 0.6 * std::abs(d.x);
    }
    return false;
}

Scene random_caption_scene(Rng& rng, Index width, Index height, int most) {
    constexpr int patience = 60;
    Scene scene;
    scene.width = width;
    scene.height = height;
    scene.background = random_background(rng);
    if (rng.uniform() < 0.6) scene.clutter = {between(rng, 0.05, 0.6), rng.below(1000000)};
    const int count = std::min(random_count(rng), most);
    for (int tries = 0; static_cast<int>(scene.shapes.size()) < count && tries < patience; ++tries) {
        scene.shapes.push_back(random_shape(rng, scene.background));
        if (!fits(scene)) scene.shapes.pop_back();
    }
    return scene;
}

std::pair<Index, Index> random_caption_size(Rng& rng) {
    static constexpr std::pair<Index, Index> others[] = {{96, 72}, {72, 96}, {80, 80}, {120, 120}};
    return rng.uniform() < 0.6 ? std::pair(caption_side, caption_side) : others[rng.below(4)];
}

Tensor<float> caption_pictures(std::span<const Scene> scenes) {
    const Index width = scenes.front().width, height = scenes.front().height;
    Tensor<float> images = Tensor<float>::uninitialized({static_cast<Index>(scenes.size()), height, width, 3});
    for (std::size_t b = 0; b < scenes.size(); ++b) {
        const Image image = draw(scenes[b], width, height);
        float* const to = images.data() + static_cast<Index>(b) * height * width * 3;
        for (std::size_t i = 0; i < image.rgb.size(); ++i) to[i] = static_cast<float>(image.rgb[i]) / 255.0f;
    }
    return images;
}

Tensor<float> caption_region(const Scene& scene, int shape, Index height, Index width) {
    Scene solid = scene;
    SceneShape& own = solid.shapes.at(static_cast<std::size_t>(shape));
    if (own.kind == ShapeKind::ring) own.kind = ShapeKind::circle;
    return shape_mask(solid, shape, height, width, true);
}

}  // namespace saccade
