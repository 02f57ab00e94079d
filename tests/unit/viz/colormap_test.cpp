#include "viz/colormap.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "viz/color_space.hpp"
#include "viz/normalization.hpp"
#include "viz_testing.hpp"

namespace saccade::colormap_test {
namespace {

struct Vision {
    const char* name;
    std::array<double, 9> matrix;  // of linear RGB
};

// Machado, Oliveira and Fernandes 2009, table 1, severity 1.0.
constexpr Vision normal{"normal", {1, 0, 0, 0, 1, 0, 0, 0, 1}};
constexpr Vision protanopia{"protanopia",
                            {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998}};
constexpr Vision deuteranopia{"deuteranopia",
                              {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881}};

Color seen(Color c, const Vision& vision) {
    const auto linear = [](std::uint8_t v) {
        const double x = v / 255.0;
        return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4);
    };
    const double rgb[] = {linear(c.r), linear(c.g), linear(c.b)};
    std::uint8_t out[3];
    for (std::size_t i = 0; i < 3; ++i) {
        double x = 0;
        for (std::size_t k = 0; k < 3; ++k) x += vision.matrix[3 * i + k] * rgb[k];
        x = std::clamp(x, 0.0, 1.0);
        x = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
        out[i] = static_cast<std::uint8_t>(std::lround(x * 255));
    }
    return {out[0], out[1], out[2], 255};
}

/// The colours of a map from its ground outwards: one run for a sequential map, two for a diverging one.
std::vector<std::vector<Color>> arms(const Colormap& map) {
    if (!map.diverging) return {{map.colors.begin(), map.colors.end()}};
    return {{map.colors.rend() - 128, map.colors.rend()}, {map.colors.begin() + 128, map.colors.end()}};
}

template <class Body>
void for_each_map(const Body& body) {
    for (const std::string& t : theme_ids())
        for (const std::string& id : colormap_ids()) {
            SCOPED_TRACE(t + " " + id);
            body(colormap(id, theme(t)), theme(t));
        }
}

TEST(Colormap, LightnessIsLinear) {
    for_each_map([](const Colormap& map, const Theme&) {
        for (const auto& arm : arms(map)) {
            const double first = lab_from(arm.front()).l, last = lab_from(arm.back()).l;
            for (std::size_t i = 0; i < arm.size(); ++i) {
                const double wanted = first + (last - first) * static_cast<double>(i) / static_cast<double>(arm.size() - 1);
                EXPECT_NEAR(lab_from(arm[i]).l, wanted, 0.9) << i;
            }
            EXPECT_GT(std::abs(last - first), 30);
        }
    });
}

TEST(Colormap, EqualStepsLookEqual) {
    for_each_map([](const Colormap& map, const Theme&) {
        for (const auto& arm : arms(map)) {
            const std::size_t span = arm.size() / 16;  // wide enough that rounding to 8 bits does not matter
            double least = 1e9, most = 0;
            for (std::size_t i = 0; i + span < arm.size(); ++i) {
                const double step = difference(lab_from(arm[i]), lab_from(arm[i + span]));
                least = std::min(least, step);
                most = std::max(most, step);
            }
            EXPECT_LT(most / least, 1.5);
        }
    });
}

TEST(Colormap, OrderSurvivesColourBlindness) {
    for (const Vision& vision : {normal, protanopia, deuteranopia})
        for_each_map([&vision](const Colormap& map, const Theme&) {
            for (const auto& arm : arms(map)) {
                const std::size_t span = arm.size() / 16;
                const double first = lab_from(seen(arm.front(), vision)).l, last = lab_from(seen(arm.back(), vision)).l;
                const double direction = last > first ? 1 : -1;
                for (std::size_t i = 0; i + span < arm.size(); ++i) {
                    const double rise = lab_from(seen(arm[i + span], vision)).l - lab_from(seen(arm[i], vision)).l;
                    EXPECT_GT(direction * rise, 0.3) << vision.name << " at " << i;
                }
            }
            if (map.diverging) {
                // Signs are told apart by hue alone, so the hues must differ for everyone.
                const Lab low = lab_from(seen(map.colors.front(), vision)), high = lab_from(seen(map.colors.back(), vision));
                EXPECT_GT(difference(low, high), 60) << vision.name;
            }
        });
}

TEST(Colormap, ZeroRecedesIntoTheGround) {
    for_each_map([](const Colormap& map, const Theme& t) {
        const Color zero = map.diverging ? map.at(0.5) : map.at(0);
        EXPECT_LT(difference(lab_from(zero), lab_from(t.panel)), map.diverging ? 3 : 18);
    });
}

TEST(Colormap, DefaultsAndErrors) {
    EXPECT_TRUE(colormap(default_colormap(true, theme("dark")), theme("dark")).diverging);
    EXPECT_FALSE(colormap(default_colormap(false, theme("light")), theme("light")).diverging);
    const Error e = test::error_of([] { colormap("jet", theme("dark")); });
    EXPECT_EQ(e.code(), ErrorCode::usage);
    for (const std::string& id : colormap_ids()) EXPECT_NE(e.hint().find(id), std::string::npos);
    const Colormap& map = colormap("ember", theme("dark"));
    EXPECT_EQ(map.at(-1), map.colors.front());
    EXPECT_EQ(map.at(7), map.colors.back());
}

TEST(ColorSpace, KnownColoursAndBack) {
    const Lab red = lab_from({255, 0, 0, 255});
    EXPECT_NEAR(red.l, 53.24, 0.02);
    EXPECT_NEAR(red.a, 80.09, 0.05);
    EXPECT_NEAR(red.b, 67.20, 0.05);
    for (const Color c : {Color{0, 0, 0, 255}, Color{255, 255, 255, 255}, Color{12, 200, 90, 255}, Color{250, 3, 160, 255}})
        EXPECT_EQ(color_from(lab_from(c)), c);
    const Lab vivid{50, 0, -120};  // outside sRGB
    EXPECT_NEAR(lab_from(color_from(vivid)).l, 50, 0.5);
}

TEST(Normalization, Scales) {
    Normalization n;
    EXPECT_DOUBLE_EQ(n(0.25), 0.25);
    EXPECT_DOUBLE_EQ(n(-3), 0);
    EXPECT_DOUBLE_EQ(n(3), 1);
    n.scale = Normalization::Scale::sqrt;
    EXPECT_DOUBLE_EQ(n(0.25), 0.5);
    n.scale = Normalization::Scale::log;
    EXPECT_DOUBLE_EQ(n(1), 1);
    EXPECT_DOUBLE_EQ(n(1e-2), 0.5);
    EXPECT_DOUBLE_EQ(n(1e-9), 0);
    EXPECT_DOUBLE_EQ(n(0), 0);
}

TEST(Normalization, SignedScalesMirror) {
    for (const auto scale : {Normalization::Scale::linear, Normalization::Scale::sqrt, Normalization::Scale::log}) {
        Normalization n;
        n.scale = scale;
        n.low = -4;
        n.high = 4;
        EXPECT_DOUBLE_EQ(n(0), 0.5);
        EXPECT_DOUBLE_EQ(n(4), 1);
        EXPECT_DOUBLE_EQ(n(-4), 0);
        EXPECT_DOUBLE_EQ(n(1.5) - 0.5, 0.5 - n(-1.5));
    }
}

TEST(Normalization, NonFiniteIsMasked) {
    const Normalization n;
    EXPECT_TRUE(std::isnan(n(std::nan(""))));
    EXPECT_TRUE(std::isnan(n(-INFINITY)));
    EXPECT_TRUE(std::isnan(n(INFINITY)));
}

TEST(Normalization, LimitsFromFiniteValues) {
    const auto values = Tensor<float>::from(Shape{5}, {-2, -INFINITY, 0.5f, 3, std::nanf("")});
    const auto linear = Normalization::Scale::linear;
    Normalization n = normalization_for(values, false, true, linear);
    EXPECT_EQ(n.low, -3);
    EXPECT_EQ(n.high, 3);
    n = normalization_for(values, true, false, linear);
    EXPECT_EQ(n.low, 0);
    EXPECT_EQ(n.high, 1);
    n = normalization_for(Tensor<float>::from(Shape{2}, {4, 8}), false, false, linear);
    EXPECT_EQ(n.low, 0);
    EXPECT_EQ(n.high, 8);
    for (const auto& flat : {Tensor<float>(Shape{3}), Tensor<float>(Shape{3}, std::nanf("")), Tensor<float>(Shape{0})})
        for (const bool is_signed : {true, false}) {
            n = normalization_for(flat, false, is_signed, linear);
            EXPECT_GT(n.high, n.low);
        }
}

TEST(Normalization, NamesRoundTrip) {
    using Scale = Normalization::Scale;
    for (const Scale s : {Scale::linear, Scale::sqrt, Scale::log, Scale::per_row}) EXPECT_EQ(scale_from(to_string(s)), s);
    EXPECT_EQ(test::error_of([] { scale_from("cubic"); }).code(), ErrorCode::usage);
}

}  // namespace
}  // namespace saccade::colormap_test
