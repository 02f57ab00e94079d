#include "image/background.hpp"

#include <array>
#include <cmath>

#include "base/rng.hpp"
#include "image/pixel.hpp"

namespace saccade {

namespace {

struct KindColors {
    const char *color, *color_to;
};

/// In the order of BackgroundKind.
constexpr std::array<KindColors, 9> kind_colors{{{"white", "white"},
                                                 {"#e3e9f0", "#aebccd"},
                                                 {"#4f93d6", "#cfe3f2"},
                                                 {"#86b2da", "#1d4f7c"},
                                                 {"#74aee2", "#568a38"},
                                                 {"#9cc0de", "#73767b"},
                                                 {"#d8cdbd", "#97774f"},
                                                 {"#9cb86a", "#38592f"},
                                                 {"#808080", "#808080"}}};

/// A place in the picture: u, v in units of its shorter side, down its height `t` 0 to 1, a pixel's extent.
struct Place {
    float u, v, t, pixel;
};

class Painter {
 public:
    explicit Painter(const SceneBackground& b) : kind_(b.kind), horizon_(static_cast<float>(b.horizon)), seed_(b.seed) {
        const KindColors& usual = kind_colors[static_cast<std::size_t>(b.kind)];
        const bool one_color = b.kind == BackgroundKind::plain || b.kind == BackgroundKind::noise;
        top_ = pixel_of(b.color.empty() ? usual.color : b.color);
        bottom_ = one_color ? top_ : pixel_of(b.color_to.empty() ? usual.color_to : b.color_to);
    }

    bool flat() const { return kind_ == BackgroundKind::plain; }
    const Pixel& top() const { return top_; }

    Pixel at(const Place& p) const {
        switch (kind_) {
            case BackgroundKind::plain:
                return top_;
            case BackgroundKind::gradient:
                return mix(top_, bottom_, p.t);
            case BackgroundKind::noise:
                return grain(p);
            case BackgroundKind::foliage:
                return foliage(p);
            case BackgroundKind::sky:
                return clouds(p, mix(top_, bottom_, p.t), 1);
            default:
                break;
        }
        const float below = p.t - horizon_;
        if (below < -p.pixel) return above_horizon(p);
        const Pixel ground = below_horizon(p, std::max(below, 0.0f) / std::max(1 - horizon_, 0.02f));
        return below > p.pixel ? ground : mix(above_horizon(p), ground, 0.5f + below / (2 * p.pixel));
    }

 private:
    Pixel clouds(const Place& p, const Pixel& sky, float amount) const {
        const float density = fractal_noise(p.u * 2.4f, p.v * 5.0f, 4, seed_ + 1);
        return mix(sky, {250, 251, 253}, 0.85f * amount * smooth_step(0.50f, 0.74f, density));
    }

    Pixel above_horizon(const Place& p) const {
        const float down = std::min(p.t / std::max(horizon_, 0.02f), 1.0f);
        if (kind_ == BackgroundKind::room) return lit(top_, 1.03f - 0.08f * down);
        const Pixel sky = mix(top_, mix(top_, {240, 245, 248}, 0.72f), down);
        const Pixel cloudy = clouds(p, sky, 0.75f * (1 - 0.6f * down));
        if (kind_ == BackgroundKind::sea) return cloudy;
        // Trees along the horizon.
        const float trees = horizon_ * (0.80f + 0.17f * fractal_noise(p.u * 7, 0.3f, 4, seed_ + 5));
        const Pixel leaves = lit({70, 104, 58}, 0.65f + 0.6f * fractal_noise(p.u * 34, p.v * 34, 3, seed_ + 6));
        const Pixel hazy = mix(leaves, {190, 208, 220}, 0.22f);
        return mix(cloudy, hazy, smooth_step(trees - 0.012f, trees + 0.012f, p.t));
    }

    /// depth: 0 at the horizon, 1 at the picture's lower border.
    Pixel below_horizon(const Place& p, float depth) const {
        const float near = 0.05f + depth;  // perspective: things look larger the nearer they are
        if (kind_ == BackgroundKind::sea) {
            const float waves = fractal_noise((p.u - 0.5f) * 4.0f / near, 9.0f * std::log(near), 3, seed_ + 2);
            const float glint =
                smooth_step(0.62f, 0.85f, fractal_noise((p.u - 0.5f) * 9.0f / near, 16.0f * std::log(near), 2, seed_ + 3));
            const Pixel water = mix(mix(bottom_, {178, 205, 220}, 0.45f), lit(bottom_, 0.86f), std::sqrt(depth));
            return mix(lit(water, 0.86f + 0.28f * waves), {225, 238, 245}, 0.32f * glint);
        }
        if (kind_ == BackgroundKind::room) {
            const float planks = fractal_noise((p.u - 0.5f) * 3.0f / near, 30.0f * std::log(near), 2, seed_ + 2);
            return lit(bottom_, (0.80f + 0.22f * depth) * (0.92f + 0.16f * planks));
        }
        if (kind_ == BackgroundKind::meadow) return grass(p, depth, bottom_);
        return road(p, depth);
    }

    Pixel grass(const Place& p, float depth, const Pixel& color) const {
        // Two sizes of blades: one stretched with the distance would look like rays.
        const float far = fractal_noise(p.u * 70, p.v * 80, 2, seed_ + 2),
                    near = fractal_noise(p.u * 34, p.v * 26, 3, seed_ + 4);
        const float blades = far + (near - far) * smooth_step(0.05f, 0.6f, depth);
        const float patches = fractal_noise(p.u * 3.0f, p.v * 8.0f, 2, seed_ + 3);
        const Pixel hazy = mix(color, {196, 208, 150}, 0.35f * (1 - depth) + 0.22f * patches);
        return lit(hazy, 0.74f + 0.46f * blades);
    }

    Pixel road(const Place& p, float depth) const {
        if (depth < 0.10f) return grass(p, 0.3f + depth, {104, 128, 70});
        const float stones = value_noise(p.u * 130, p.v * 130, seed_ + 2),
                    stains = fractal_noise(p.u * 3, p.v * 9, 3, seed_ + 3);
        const Pixel asphalt = lit(bottom_, 0.88f + 0.10f * stones + 0.14f * stains);
        const float curb = smooth_step(0.10f, 0.112f, depth) * (1 - smooth_step(0.145f, 0.157f, depth));
        const float middle = smooth_step(0.80f, 0.815f, depth) * (1 - smooth_step(0.85f, 0.865f, depth));
        const bool dash = std::fmod(p.u + 10.0f, 0.42f) < 0.27f;
        return mix(mix(asphalt, {196, 194, 188}, curb), {232, 228, 208}, dash ? 0.8f * middle : 0.0f);
    }

    Pixel foliage(const Place& p) const {
        const float x = p.u + 0.35f * p.v, y = p.v - 0.35f * p.u;  // a grid that does not stand upright shows less
        const float large = fractal_noise(x * 2.2f, y * 2.2f, 2, seed_ + 1), fine = value_noise(x * 7, y * 7, seed_ + 2);
        const float t = 0.15f + 0.7f * large + 0.3f * (fine - 0.5f) + 0.25f * (0.5f - p.t);
        const float light = smooth_step(0.62f, 0.95f, value_noise(x * 4.0f + y, y * 4.0f - x, seed_ + 3));
        return mix(mix(bottom_, top_, std::clamp(t, 0.0f, 1.0f)), {232, 240, 190}, 0.35f * light);
    }

    Pixel grain(const Place& p) const {
        const float r = fractal_noise(p.u * 16, p.v * 16, 4, seed_ + 1), g = fractal_noise(p.u * 16, p.v * 16, 4, seed_ + 11),
                    b = fractal_noise(p.u * 16, p.v * 16, 4, seed_ + 21);
        return {top_.r + 150 * (r - 0.5f), top_.g + 150 * (g - 0.5f), top_.b + 150 * (b - 0.5f)};
    }

    BackgroundKind kind_;
    float horizon_;
    std::uint64_t seed_;
    Pixel top_, bottom_;
};

}  // namespace

void draw_background(const SceneBackground& background, Image& image, Index first, Index last) {
    const Painter painter(background);
    const auto shorter = static_cast<float>(std::min(image.width, image.height)), height = static_cast<float>(image.height);
    for (Index y = first; y < last; ++y) {
        std::uint8_t* out = image.row(y);
        if (painter.flat()) {
            for (Index x = 0; x < image.width; ++x, out += 3) store_dithered(out, painter.top(), x, y);
            continue;
        }
        const float middle = static_cast<float>(y) + 0.5f;
        for (Index x = 0; x < image.width; ++x, out += 3) {
            const Place place{(static_cast<float>(x) + 0.5f) / shorter, middle / shorter, middle / height, 0.75f / height};
            store_dithered(out, painter.at(place), x, y);
        }
    }
}

std::vector<SceneShape> clutter_shapes(const SceneClutter& clutter) {
    constexpr double most = 60;
    std::vector<SceneShape> shapes(static_cast<std::size_t>(std::lround(clutter.amount * most)));
    Rng rng = Rng(clutter.seed).fork("clutter");
    for (SceneShape& shape : shapes) {
        const bool stroke = rng.uniform() < 0.6;
        shape.kind = stroke ? ShapeKind::rectangle : ShapeKind::circle;
        shape.x = rng.uniform();
        shape.y = rng.uniform();
        shape.size = stroke ? 0.04 + 0.08 * rng.uniform() : 0.01 + 0.025 * rng.uniform();
        shape.aspect = stroke ? 0.15 + 0.2 * rng.uniform() : 1;
        shape.angle = 180 * rng.uniform();
        shape.opacity = 0.25 + 0.35 * rng.uniform();
        const auto channel = [&] { return static_cast<unsigned>(70 + rng.below(120)); };
        const unsigned red = channel(), green = channel(), blue = channel();
        constexpr const char* digits = "0123456789abcdef";
        shape.color = "#";
        for (const unsigned value : {red, green, blue}) shape.color += {digits[value / 16], digits[value % 16]};
    }
    return shapes;
}

}  // namespace saccade
