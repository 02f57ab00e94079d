#include <fmt/format.h>

#include <array>
#include <cmath>
#include <list>
#include <mutex>

#include "base/parallel.hpp"
#include "image/outline.hpp"
#include "image/pixel.hpp"

namespace saccade {

namespace {

constexpr Index tile = Outline::tile_side,
                band = 64;  // rows drawn by one thread; whole tiles, so that the picture does not depend on them
constexpr Index most_side = 4096;

/// Two octaves of noise, tiled: 32 grid cells of 16 x 16 points. What texture is made of, once.
class Grain {
 public:
    Grain() {
        for (std::int64_t y = 0; y < side; ++y)
            for (std::int64_t x = 0; x < side; ++x) {
                const float coarse = octave(x, y, points, 1), fine = octave(x, y, points / 2, 2);
                table_[static_cast<std::size_t>(y * side + x)] = (2 * coarse + fine) / 3 - 0.5f;
            }
    }
    /// In grid cells; from -1/2 to 1/2.
    float at(float x, float y) const {
        const auto ix = static_cast<std::int64_t>(std::floor(x * points)),
                   iy = static_cast<std::int64_t>(std::floor(y * points));
        return table_[static_cast<std::size_t>((iy & (side - 1)) * side + (ix & (side - 1)))];
    }

 private:
    static constexpr std::int64_t side = 512, points = 16;

    static float octave(std::int64_t x, std::int64_t y, std::int64_t cell, std::uint64_t seed) {
        const std::int64_t cells = side / cell, ix = x / cell, iy = y / cell;
        const auto corner = [&](std::int64_t dx, std::int64_t dy) {
            return grid_noise((ix + dx) % cells, (iy + dy) % cells, seed);
        };
        const float u = static_cast<float>(x % cell) / static_cast<float>(cell),
                    v = static_cast<float>(y % cell) / static_cast<float>(cell);
        const float a = u * u * (3 - 2 * u), b = v * v * (3 - 2 * v);
        return (corner(0, 0) * (1 - a) + corner(1, 0) * a) * (1 - b) + (corner(0, 1) * (1 - a) + corner(1, 1) * a) * b;
    }

    std::array<float, static_cast<std::size_t>(side* side)> table_{};
};

const Grain& grain() {
    static const Grain table;
    return table;
}

/// How one shape looks inside its outline.
class Paint {
 public:
    Paint(const SceneShape& shape, std::uint64_t seed)
        : top_(pixel_of(shape.color)),
          bottom_(shape.color_to.empty() ? top_ : pixel_of(shape.color_to)),
          gradient_(!shape.color_to.empty()),
          shade_(static_cast<float>(shape.shade)),
          texture_(static_cast<float>(shape.texture)),
          grain_(static_cast<float>(shape.size) * 60),
          grain_table_(grain()),
          shift_(static_cast<float>(seed) * 3.7f) {}

    bool flat() const { return !gradient_ && shade_ == 0 && texture_ == 0; }

    Pixel at(const Outline& outline, float x, float y) const {
        if (flat()) return top_;
        const Outline::Point p = outline.local(x, y);
        Pixel color = gradient_ ? mix(top_, bottom_, std::clamp(p.y + 0.5f, 0.0f, 1.0f)) : top_;
        if (shade_ > 0) color = shaded(color, outline, x, y);
        if (texture_ > 0) color = lit(color, 1 + texture_ * 0.6f * grain_table_.at(p.x * grain_ + shift_, p.y * grain_));
        return color;
    }

 private:
    /// As a round body under light from above left: the light stays there however the shape is turned.
    Pixel shaded(const Pixel& color, const Outline& outline, float x, float y) const {
        const Outline::Box& box = outline.box();
        const float u = (2 * x - box.x0 - box.x1) / std::max(box.x1 - box.x0, 1e-3f);
        const float v = (2 * y - box.y0 - box.y1) / std::max(box.y1 - box.y0, 1e-3f);
        const float facing = -0.45f * u - 0.8f * v, away = std::min(u * u + v * v, 1.5f);
        const float light = 1 + shade_ * (0.30f * facing - 0.18f * away + 0.06f);
        const Pixel result = lit(color, light);
        const float glare = shade_ * 0.16f * std::max(0.0f, 1 - 3.5f * ((u + 0.35f) * (u + 0.35f) + (v + 0.45f) * (v + 0.45f)));
        return mix(result, {255, 255, 255}, glare);
    }

    Pixel top_, bottom_;
    bool gradient_;
    float shade_, texture_, grain_;
    const Grain& grain_table_;
    float shift_;  // so that no two shapes have the same grain
};

class ShapePainter {
 public:
    ShapePainter(const SceneShape& shape, std::uint64_t seed, Image& image)
        : outline_(shape, static_cast<double>(image.width), static_cast<double>(image.height)),
          paint_(shape, seed),
          opacity_(static_cast<float>(shape.opacity)),
          image_(image) {}

    /// Rows [first, last). Only tiles that the border crosses are asked pixel by pixel.
    void draw(Index first, Index last) const {
        const Outline::Box& box = outline_.box();
        const float margin = outline_.edge();
        const Index y0 = std::max(first, low(box.y0 - margin)), y1 = std::min(last, high(box.y1 + margin));
        const Index x0 = std::max<Index>(0, low(box.x0 - margin)), x1 = std::min(image_.width, high(box.x1 + margin));
        constexpr float half = static_cast<float>(tile) / 2;
        const float reach = half * 1.4143f + outline_.edge() / 2 + 0.1f;
        for (Index y = y0; y < y1; y += tile) {
            for (Index x = x0; x < x1; x += tile) {
                const float bound = outline_.bound(static_cast<float>(x) + half, static_cast<float>(y) + half);
                if (bound > reach) continue;
                fill(x, y, std::min(x1, x + tile), std::min(y1, y + tile), bound < -reach);
            }
        }
    }

 private:
    static Index low(float from) { return static_cast<Index>(std::floor(std::max(from, -1e6f) / tile)) * tile; }
    static Index high(float to) { return static_cast<Index>(std::ceil(std::min(to, 1e6f))); }

    void fill(Index x0, Index y0, Index x1, Index y1, bool inside) const {
        std::array<float, tile * tile> covered;
        if (!inside) outline_.cover_tile(x0, y0, x1, y1, covered.data());
        const float* coverage = covered.data();
        for (Index y = y0; y < y1; ++y) {
            std::uint8_t* out = image_.row(y) + x0 * 3;
            const float py = static_cast<float>(y) + 0.5f;
            for (Index x = x0; x < x1; ++x, out += 3) {
                const float alpha = inside ? opacity_ : opacity_ * *coverage++;
                if (alpha <= 0) continue;
                const Pixel color = paint_.at(outline_, static_cast<float>(x) + 0.5f, py);
                const Pixel below{static_cast<float>(out[0]), static_cast<float>(out[1]), static_cast<float>(out[2])};
                const Pixel result = mix(below, color, alpha);
                const float rounding = paint_.flat() ? 0.5f : grid_noise(x, y, 29);
                out[0] = to_byte(result.r, rounding);
                out[1] = to_byte(result.g, rounding);
                out[2] = to_byte(result.b, rounding);
            }
        }
    }

    Outline outline_;
    Paint paint_;
    float opacity_;
    Image& image_;
};

void draw_shapes(const std::vector<SceneShape>& shapes, Image& image) {
    std::vector<ShapePainter> painters;
    painters.reserve(shapes.size());
    for (std::size_t i = 0; i < shapes.size(); ++i) painters.emplace_back(shapes[i], i + 1, image);
    parallel_for((image.height + band - 1) / band, [&](std::int64_t b) {
        for (const ShapePainter& painter : painters) painter.draw(b * band, std::min(image.height, (b + 1) * band));
    });
}

Image draw_ground(const SceneBackground& background, const SceneClutter& clutter, Index width, Index height) {
    Image image(width, height);
    parallel_for((height + band - 1) / band,
                 [&](std::int64_t b) { draw_background(background, image, b * band, std::min(height, (b + 1) * band)); });
    draw_shapes(clutter_shapes(clutter), image);
    return image;
}

/// While a shape is dragged, what lies behind it stays: the grounds drawn last, of pictures large enough to be looked at.
class GroundCache {
 public:
    Image get(const SceneBackground& background, const SceneClutter& clutter, Index width, Index height) {
        constexpr Index worth_keeping = 96 * 96;
        if (width * height < worth_keeping) return draw_ground(background, clutter, width, height);
        {
            const std::lock_guard lock(mutex_);
            for (auto kept = kept_.begin(); kept != kept_.end(); ++kept) {
                if (kept->image.width != width || kept->image.height != height || kept->background != background ||
                    kept->clutter != clutter)
                    continue;
                kept_.splice(kept_.begin(), kept_, kept);
                return kept->image;
            }
        }
        Image image = draw_ground(background, clutter, width, height);
        const std::lock_guard lock(mutex_);
        kept_.push_front({background, clutter, image});
        constexpr std::size_t most_kept = 4;
        if (kept_.size() > most_kept) kept_.pop_back();
        return image;
    }

 private:
    struct Ground {
        SceneBackground background;
        SceneClutter clutter;
        Image image;
    };
    std::mutex mutex_;
    std::list<Ground> kept_;  // the latest used first
};

GroundCache& grounds() {
    static GroundCache cache;
    return cache;
}

}  // namespace

Image draw(const Scene& scene, Index width, Index height) {
    if (width < 1 || height < 1 || width > most_side || height > most_side) {
        throw Error(ErrorCode::invalid_input, fmt::format("a scene cannot be drawn at {} x {} pixels", width, height),
                    fmt::format("its sides may be 1 to {}", most_side));
    }
    Image image = grounds().get(scene.background, scene.clutter, width, height);
    draw_shapes(scene.shapes, image);
    return image;
}

Image draw(const Scene& scene) {
    return draw(scene, scene.width, scene.height);
}

}  // namespace saccade
