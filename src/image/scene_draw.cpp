#include <fmt/format.h>

#include <array>
#include <cmath>
#include <deque>
#include <list>
#include <mutex>

#include "base/parallel.hpp"
#include "image/background.hpp"
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
    Paint(const SceneShape& shape, const Outline& outline, std::uint64_t seed)
        : outline_(outline),
          top_(pixel_of(shape.color)),
          bottom_(shape.color_to.empty() ? top_ : pixel_of(shape.color_to)),
          gradient_(!shape.color_to.empty()),
          shade_(static_cast<float>(shape.shade)),
          texture_(static_cast<float>(shape.texture)),
          grain_(static_cast<float>(shape.size) * 60),
          grain_table_(grain()),
          shift_(static_cast<float>(seed) * 3.7f) {
        const Outline::Box& box = outline.box();
        middle_x_ = (box.x0 + box.x1) / 2;
        middle_y_ = (box.y0 + box.y1) / 2;
        to_unit_x_ = 2 / std::max(box.x1 - box.x0, 1e-3f);
        to_unit_y_ = 2 / std::max(box.y1 - box.y0, 1e-3f);
    }

    bool flat() const { return !gradient_ && shade_ == 0 && texture_ == 0; }

    /// Eight pixels beside each other, the first around (x, y): loops of one length, which the compiler turns into vectors.
    struct Row {
        std::array<float, tile> r, g, b;
    };
    void at(float x, float y, Row& row) const {
        std::array<float, tile> along, factor, glare, down;
        for (std::size_t i = 0; i < tile; ++i) {
            const Outline::Point p = outline_.local(x + static_cast<float>(i), y);
            along[i] = p.x * grain_ + shift_;
            down[i] = p.y;
        }
        light(x, y, factor, glare);
        if (texture_ > 0)
            for (std::size_t i = 0; i < tile; ++i)
                factor[i] *= 1 + texture_ * 0.6f * grain_table_.at(along[i], down[i] * grain_);
        for (std::size_t i = 0; i < tile; ++i) {
            const float t = std::clamp(down[i] + 0.5f, 0.0f, 1.0f), keep = factor[i] * (1 - glare[i]), white = 255 * glare[i];
            row.r[i] = (top_.r + (bottom_.r - top_.r) * t) * keep + white;
            row.g[i] = (top_.g + (bottom_.g - top_.g) * t) * keep + white;
            row.b[i] = (top_.b + (bottom_.b - top_.b) * t) * keep + white;
        }
    }
    const Pixel& color() const { return top_; }

 private:
    /// As of a round body under light from above left, which stays there however the shape is turned.
    void light(float x, float y, std::array<float, tile>& factor, std::array<float, tile>& glare) const {
        const float v = (y - middle_y_) * to_unit_y_;  // -1 to 1 over the box
        for (std::size_t i = 0; i < tile; ++i) {
            const float u = (x + static_cast<float>(i) - middle_x_) * to_unit_x_;
            const float facing = -0.45f * u - 0.8f * v, away = std::min(u * u + v * v, 1.5f);
            factor[i] = 1 + shade_ * (0.30f * facing - 0.18f * away + 0.06f);
            const float off = (u + 0.35f) * (u + 0.35f) + (v + 0.45f) * (v + 0.45f);
            glare[i] = shade_ * 0.16f * std::max(0.0f, 1 - 3.5f * off);
        }
    }

    const Outline& outline_;
    Pixel top_, bottom_;
    bool gradient_;
    float shade_, texture_, grain_;
    const Grain& grain_table_;
    float shift_;  // so that no two shapes have the same grain
    float middle_x_, middle_y_, to_unit_x_, to_unit_y_;
};

class ShapePainter {
 public:
    ShapePainter(const SceneShape& shape, std::uint64_t seed, Image& image)
        : outline_(shape, static_cast<double>(image.width), static_cast<double>(image.height)),
          paint_(shape, outline_, seed),
          opacity_(static_cast<float>(shape.opacity)),
          image_(image) {}
    ShapePainter(const ShapePainter&) = delete;
    ShapePainter& operator=(const ShapePainter&) = delete;

    /// Rows [first, last). Only tiles that the border crosses are asked pixel by pixel, only blocks of tiles that it crosses
    /// tile by tile.
    void draw(Index first, Index last) const {
        const Outline::Box& box = outline_.box();
        const float margin = outline_.edge();
        const Index y0 = std::max(first, low(box.y0 - margin)), y1 = std::min(last, high(box.y1 + margin));
        const Index x0 = std::max<Index>(0, low(box.x0 - margin)), x1 = std::min(image_.width, high(box.x1 + margin));
        constexpr Index block = 4 * tile;
        for (Index y = y0; y < y1; y += block) {
            for (Index x = x0; x < x1; x += block) {
                const Side side = side_of(x, y, block);
                if (side == Side::outside) continue;
                const Index right = std::min(x1, x + block), bottom = std::min(y1, y + block);
                for (Index ty = y; ty < bottom; ty += tile) {
                    for (Index tx = x; tx < right; tx += tile) {
                        const Side tile_side = side == Side::inside ? side : side_of(tx, ty, tile);
                        if (tile_side == Side::outside) continue;
                        fill(tx, ty, std::min(right, tx + tile), std::min(bottom, ty + tile), tile_side == Side::inside);
                    }
                }
            }
        }
    }

 private:
    enum class Side { inside, outside, border };

    /// Of a square of that extent.
    Side side_of(Index x, Index y, Index extent) const {
        const float half = static_cast<float>(extent) / 2;
        const float bound = outline_.bound(static_cast<float>(x) + half, static_cast<float>(y) + half);
        const float reach = half * 1.4143f + outline_.edge() / 2 + 0.1f;
        return bound > reach ? Side::outside : bound < -reach ? Side::inside : Side::border;
    }

    static Index low(float from) { return static_cast<Index>(std::floor(std::max(from, -1e6f) / tile)) * tile; }
    static Index high(float to) { return static_cast<Index>(std::ceil(std::min(to, 1e6f))); }

    void fill(Index x0, Index y0, Index x1, Index y1, bool inside) const {
        std::array<float, tile * tile> covered;
        if (inside) {
            covered.fill(1);
        } else {
            outline_.cover_tile(x0, y0, x1, y1, covered.data());
        }
        const auto width = static_cast<std::size_t>(x1 - x0);
        for (Index y = y0; y < y1; ++y) {
            const float* coverage = covered.data() + static_cast<std::size_t>(y - y0) * width;
            if (paint_.flat()) {
                fill_flat(coverage, width, image_.row(y) + x0 * 3);
            } else if (inside || std::any_of(coverage, coverage + width, [](float c) { return c > 0; })) {
                fill_shaded(coverage, width, x0, y);
            }
        }
    }

    void fill_flat(const float* coverage, std::size_t width, std::uint8_t* out) const {
        for (std::size_t i = 0; i < width; ++i, out += 3) blend(out, paint_.color(), opacity_ * coverage[i], 0.5f);
    }

    void fill_shaded(const float* coverage, std::size_t width, Index x, Index y) const {
        Paint::Row row;
        paint_.at(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f, row);
        std::uint8_t* out = image_.row(y) + x * 3;
        for (std::size_t i = 0; i < width; ++i, out += 3)
            blend(out, {row.r[i], row.g[i], row.b[i]}, opacity_ * coverage[i], grid_noise(x + static_cast<Index>(i), y, 29));
    }

    static void blend(std::uint8_t* out, const Pixel& color, float alpha, float rounding) {
        if (alpha <= 0) return;
        const Pixel below{static_cast<float>(out[0]), static_cast<float>(out[1]), static_cast<float>(out[2])};
        const Pixel result = mix(below, color, alpha);
        out[0] = to_byte(result.r, rounding);
        out[1] = to_byte(result.g, rounding);
        out[2] = to_byte(result.b, rounding);
    }

    Outline outline_;
    Paint paint_;
    float opacity_;
    Image& image_;
};

void draw_shapes(const std::vector<SceneShape>& shapes, Image& image) {
    std::deque<ShapePainter> painters;
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
