#include "image/scene.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "base/parallel.hpp"
#include "image/color.hpp"
#include "image/samples.hpp"
#include "testing.hpp"

namespace saccade::scene_test {
namespace {

using nlohmann::json;

Scene scene_of_one(SceneShape shape) {
    Scene scene;
    scene.background.color = "black";
    scene.shapes = {std::move(shape)};
    return scene;
}

SceneShape shape_of_kind(ShapeKind kind, double size = 0.5) {
    SceneShape shape;
    shape.kind = kind;
    shape.size = size;
    if (kind == ShapeKind::polygon) shape.points = {{-0.5, -0.5}, {0.5, -0.5}, {0.5, 0.5}};
    return shape;
}

double area(const Scene& scene, int shape, bool visible = true) {
    const Tensor<float> mask = shape_mask(scene, shape, 64, 64, visible);
    double sum = 0;
    for (const float v : mask.values()) sum += static_cast<double>(v);
    return sum / static_cast<double>(mask.size());
}

/// What the line of an error is, or nothing.
std::string refusal(const std::string& text) {
    try {
        scene_from_text(text);
    } catch (const Error& error) {
        EXPECT_EQ(error.line().find('\n'), std::string::npos);
        EXPECT_FALSE(error.hint().empty()) << error.line();
        return error.line();
    }
    return "";
}

TEST(SceneShapes, CoverTheAreaThatGeometrySays) {
    constexpr double pi = std::numbers::pi, half = 0.25;  // size 0.5
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::circle)), 0), pi * half * half, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::ellipse)), 0), pi * half * half * 0.6, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::square)), 0), 0.25, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::rectangle)), 0), 0.15, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::triangle)), 0), 0.25 * std::sqrt(3) / 4, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::diamond)), 0), 0.125, 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::ring)), 0), pi * half * half * (1 - 0.58 * 0.58), 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::cross)), 0), 0.25 * (2 * 0.34 - 0.34 * 0.34), 1e-3);
    EXPECT_NEAR(area(scene_of_one(shape_of_kind(ShapeKind::polygon)), 0), 0.125, 1e-3);
}

TEST(SceneShapes, TurningKeepsTheArea) {
    for (const ShapeKind kind : shape_kinds()) {
        SceneShape shape = shape_of_kind(kind, 0.4);
        const double upright = area(scene_of_one(shape), 0);
        shape.angle = 33;
        EXPECT_NEAR(area(scene_of_one(shape), 0), upright, 2e-3) << to_string(kind);
        shape.aspect = 0.5;
        EXPECT_NEAR(area(scene_of_one(shape), 0), upright / 2, 2e-3) << to_string(kind);
    }
}

TEST(SceneShapes, TheBoxHoldsTheShapeAndNoMore) {
    for (const ShapeKind kind : shape_kinds()) {
        SceneShape shape = shape_of_kind(kind, 0.4);
        shape.angle = 25;
        shape.x = 0.45;
        const Scene scene = scene_of_one(shape);
        const SceneBox box = shape_box(scene, 0);
        constexpr Index cells = 200;
        const Tensor<float> mask = shape_mask(scene, 0, cells, cells);
        SceneBox seen{1, 1, 0, 0};
        for (Index y = 0; y < cells; ++y)
            for (Index x = 0; x < cells; ++x)
                if (mask.at({y, x}) > 0.1f) {
                    const double u = (static_cast<double>(x) + 0.5) / cells, v = (static_cast<double>(y) + 0.5) / cells;
                    seen = {std::min(seen.x0, u), std::min(seen.y0, v), std::max(seen.x1, u), std::max(seen.y1, v)};
                    // A cell that is partly covered may have its centre up to half a cell outside.
                    constexpr double half = 0.5 / cells;
                    const SceneBox wider{box.x0 - half, box.y0 - half, box.x1 + half, box.y1 + half};
                    EXPECT_TRUE(wider.contains(u, v)) << to_string(kind);
                }
        if (kind == ShapeKind::ellipse || kind == ShapeKind::circle || kind == ShapeKind::square || kind == ShapeKind::ring ||
            kind == ShapeKind::diamond) {
            EXPECT_NEAR(seen.x0, box.x0, 0.012) << to_string(kind);
            EXPECT_NEAR(seen.y1, box.y1, 0.012) << to_string(kind);
        }
    }
}

TEST(SceneShapes, WhatIsInFrontHides) {
    Scene scene = scene_of_one(shape_of_kind(ShapeKind::square));
    SceneShape front = shape_of_kind(ShapeKind::square);
    front.x = 0.75;
    scene.shapes.push_back(front);
    EXPECT_NEAR(area(scene, 0), 0.125, 2e-3);
    EXPECT_NEAR(area(scene, 0, false), 0.25, 2e-3);
    scene.shapes[1].opacity = 0.5;
    EXPECT_NEAR(area(scene, 0), 0.1875, 2e-3);
}

TEST(SceneShapes, TheTopmostIsFound) {
    Scene scene = scene_of_one(shape_of_kind(ShapeKind::square));
    scene.shapes.push_back(shape_of_kind(ShapeKind::circle, 0.2));
    EXPECT_EQ(shape_at(scene, 0.5, 0.5), 1);
    EXPECT_EQ(shape_at(scene, 0.3, 0.3), 0);
    EXPECT_EQ(shape_at(scene, 0.1, 0.1), -1);
    EXPECT_EQ(shape_at(scene, 0.24, 0.5), -1);
    EXPECT_EQ(shape_at(scene, 0.24, 0.5, 0.02), 0);
    scene.width = 1024;  // twice as wide as high: shapes keep their form
    EXPECT_EQ(shape_at(scene, 0.36, 0.5), -1);
    EXPECT_EQ(shape_at(scene, 0.40, 0.5), 0);
}

TEST(SceneShapes, AGroupMovesAsOne) {
    Scene scene = scene_of_one(shape_of_kind(ShapeKind::square, 0.2));
    scene.shapes[0].group = "house";
    scene.shapes.push_back(shape_of_kind(ShapeKind::circle, 0.1));
    scene.shapes.push_back(shape_of_kind(ShapeKind::triangle, 0.2));
    scene.shapes[2].group = "house";
    scene.shapes[2].y = 0.3;
    EXPECT_EQ(group_of(scene, 2), (std::vector{0, 2}));
    move_shape(scene, 0, 0.1, -0.1);
    EXPECT_DOUBLE_EQ(scene.shapes[0].x, 0.6);
    EXPECT_DOUBLE_EQ(scene.shapes[2].x, 0.6);
    EXPECT_DOUBLE_EQ(scene.shapes[2].y, 0.2);
    EXPECT_DOUBLE_EQ(scene.shapes[1].x, 0.5);
    move_shape(scene, 1, 5, 0);
    EXPECT_NEAR(scene.shapes[1].x, 1.0, 1e-6);  // its middle stays in the picture
    EXPECT_THROW(move_shape(scene, 7, 0, 0), Error);
}

TEST(SceneShapes, ScalingAndTurningKeepTheObjectTogether) {
    Scene scene = sample_scene("ship");
    const SceneBox before = group_box(scene, 0);
    scale_shape(scene, 0, 0.5);
    const SceneBox half = group_box(scene, 0);
    EXPECT_NEAR(half.x1 - half.x0, (before.x1 - before.x0) / 2, 1e-5);
    EXPECT_NEAR(half.x0 + half.x1, before.x0 + before.x1, 1e-5);
    turn_shape(scene, 0, 90);
    const SceneBox turned = group_box(scene, 0);
    EXPECT_NEAR(turned.y1 - turned.y0, half.x1 - half.x0, 1e-5);
    scale_shape(scene, 0, 1e9);
    for (const SceneShape& shape : scene.shapes) EXPECT_LE(shape.size, 6.0 + 1e-9);
}

TEST(DrawScene, AShapeLiesWhereItSaysInItsColour) {
    SceneShape square = shape_of_kind(ShapeKind::square, 0.5);
    square.color = "#ff8000";
    const Image image = draw(scene_of_one(square), 64, 64);
    const auto pixel = [&](Index x, Index y) {
        return std::vector<int>{image.row(y)[3 * x], image.row(y)[3 * x + 1], image.row(y)[3 * x + 2]};
    };
    EXPECT_EQ(pixel(32, 32), (std::vector{255, 128, 0}));
    EXPECT_EQ(pixel(16, 47), (std::vector{255, 128, 0}));
    EXPECT_EQ(pixel(15, 32), (std::vector{28, 30, 34}));
    EXPECT_EQ(pixel(32, 48), (std::vector{28, 30, 34}));
}

TEST(DrawScene, TheDrawnPictureIsTheMask) {
    // White on black: a pixel's brightness is how much of it is covered. Small tiles, many corners, round and soft edges alike.
    for (const ShapeKind kind : shape_kinds()) {
        for (const double round : {0.0, 0.1}) {
            for (const double soft : {0.0, 0.2}) {
                SceneShape shape = shape_of_kind(kind, 0.55);
                shape.color = "#ffffff";
                shape.angle = 17;
                shape.round = round;
                shape.soft = soft;
                Scene scene = scene_of_one(shape);
                scene.background.color = "#000000";
                const Image image = draw(scene, 131, 131);
                const Tensor<float> mask = shape_mask(scene, 0, 131, 131);
                for (Index i = 0; i < mask.size(); ++i)
                    ASSERT_NEAR(image.rgb[static_cast<std::size_t>(3 * i)], 255.0f * mask.data()[i], 2.0f)
                        << to_string(kind) << " at " << i % 131 << ", " << i / 131;
            }
        }
    }
}

TEST(DrawScene, IsTheSameAtAnyThreadCountAndAgain) {
    Scene scene = sample_scene("frog");
    const Image first = draw(scene, 200, 150);
    const int threads = thread_count();
    set_thread_count(1);
    scene.background.seed += 1;  // drawn afresh, not found
    draw(scene, 200, 150);
    scene.background.seed -= 1;
    EXPECT_EQ(draw(scene, 200, 150), first);
    set_thread_count(threads);
    scene.background.seed += 1;
    EXPECT_NE(draw(scene, 200, 150), first);
}

TEST(DrawScene, EverySampleDrawsItsThingAtAnySize) {
    ASSERT_GE(scene_samples().size(), 10u);
    for (const SceneSample& sample : scene_samples()) {
        const Scene scene = sample_scene(sample.name);
        EXPECT_FALSE(sample.title.empty());
        EXPECT_FALSE(sample.title_zh.empty());
        for (const Index side : {1, 32, 200}) {
            Scene empty = scene;
            empty.shapes.clear();
            EXPECT_NE(draw(scene, side, side), draw(empty, side, side)) << sample.name;
        }
        if (!sample.subject.empty()) {
            EXPECT_TRUE(std::any_of(scene.shapes.begin(), scene.shapes.end(),
                                    [&](const SceneShape& shape) { return shape.group == sample.subject; }));
        }
    }
    EXPECT_THROW(sample_scene("nothing"), Error);
}

TEST(DrawScene, SizesHaveLimits) {
    const Scene scene = sample_scene("shapes");
    EXPECT_THROW(draw(scene, 0, 5), Error);
    EXPECT_THROW(draw(scene, 5, 4097), Error);
    EXPECT_EQ(draw(scene, 1, 1).rgb.size(), 3u);
}

TEST(SceneJson, EverySampleSurvivesTheRoundTrip) {
    for (const SceneSample& sample : scene_samples()) {
        const Scene scene = scene_from_json(to_json(sample_scene(sample.name)));
        EXPECT_EQ(scene_from_json(to_json(scene)), scene) << sample.name;
        const std::string value = scene_value(scene);
        EXPECT_EQ(value.substr(0, 6), "scene:");
        EXPECT_EQ(scene_from_text(value.substr(6)), scene);
        // Four decimals are enough to draw it alike.
        const Image now = draw(scene, 128, 128), before = draw(sample_scene(sample.name), 128, 128);
        int largest = 0;
        for (std::size_t i = 0; i < now.rgb.size(); ++i) largest = std::max(largest, std::abs(now.rgb[i] - before.rgb[i]));
        EXPECT_LE(largest, 24) << sample.name;
    }
}

TEST(SceneJson, DefaultsAreLeftOut) {
    Scene scene;
    scene.shapes.emplace_back();
    const json written = to_json(scene);
    EXPECT_EQ(written.size(), 1u) << written;
    EXPECT_EQ(written["shapes"][0].size(), 5u) << written;
    EXPECT_EQ(scene_from_json(json::parse(R"({"shapes": [{}]})")), scene);
}

TEST(SceneJson, ErrorsNameTheShapeAndTheKey) {
    const auto expect = [](const std::string& text, std::initializer_list<const char*> words) {
        const std::string line = refusal(text);
        EXPECT_FALSE(line.empty()) << text;
        for (const char* word : words) EXPECT_NE(line.find(word), std::string::npos) << line << "\n lacks " << word;
    };
    expect("no json", {"not JSON"});
    expect("[]", {"not an object"});
    expect(R"({"shapes": 3})", {"'shapes'", "256"});
    expect(R"({"shapes": [{}, {"size": "big"}]})", {"shape 2", "'size'", "big"});
    expect(R"({"shapes": [{"size": 1e300}]})", {"shape 1", "'size'"});
    expect(R"({"shapes": [{"kind": "blob"}]})", {"shape 1", "'kind'", "circle, ellipse"});
    expect(R"({"shapes": [{"color": "reddish"}]})", {"shape 1", "'color'", "#rrggbb"});
    expect(R"({"shapes": [{"colour": "red"}]})", {"shape 1", "'colour'", "color"});
    expect(R"({"shapes": [{"kind": "polygon"}]})", {"shape 1", "'points'"});
    expect(R"({"shapes": [{"kind": "polygon", "points": [[0,0],[1,1],[3,0]]}]})", {"shape 1", "'points'"});
    expect(R"({"shapes": [7]})", {"shape 1"});
    expect(R"({"width": 5})", {"'width'", "16"});
    expect(R"({"width": 32.5})", {"'width'"});
    expect(R"({"background": {"kind": "moon"}})", {"background", "'kind'", "meadow"});
    expect(R"({"clutter": {"amount": 2}})", {"clutter", "'amount'"});
    expect(R"({"clutter": {"seed": -1}})", {"clutter", "'seed'"});
    std::string many = R"({"shapes": [{})";
    for (int i = 0; i < 256; ++i) many += ",{}";
    expect(many + "]}", {"'shapes'"});
    expect(std::string(2 << 20, ' '), {"1 MB"});
}

TEST(SceneColors, NamesAndNumbers) {
    EXPECT_EQ(color_rgb("#0a0B0c"), (std::array<std::uint8_t, 3>{10, 11, 12}));
    for (const std::string& name : color_names()) EXPECT_NO_THROW(color_rgb(name));
    for (const char* wrong : {"", "#12345", "#12345g", "#1234567", "Red", "# 1234"})
        EXPECT_THROW(color_rgb(wrong), Error) << wrong;
}

}  // namespace
}  // namespace saccade::scene_test
