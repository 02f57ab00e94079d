#include <cairo.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "viz/canvas_cairo.hpp"
#include "viz/canvas_svg.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/image_pixels.hpp"
#include "viz_testing.hpp"

namespace saccade::image_item_test {
namespace {

using namespace test;

ImageItem checkers(Index rows, Index cols, const Box& box) {
    Tensor<float> pixels(Shape{rows, cols, 3});
    for (Index i = 0; i < rows * cols; ++i)
        for (Index k = 0; k < 3; ++k) pixels.data()[i * 3 + k] = (i / cols + i % cols) % 2 == 0 ? 1.0f : 0.0f;
    return {box, pixels, 1};
}

HeatmapItem map_of(const Tensor<float>& values) {
    HeatmapItem item;
    item.box = {0, 0, 80, 80};
    item.values = values;
    item.map = &colormap("ember", theme("dark"));
    return item;
}

TEST(ImagePixels, AreClampedBytes) {
    const ImageItem item{
        {0, 0, 3, 1}, Tensor<float>::from(Shape{1, 3, 3}, {0, 0.5f, 1, -7, 9, 0.25f, std::nanf(""), 0.002f, 0.001f}), 1};
    const ImagePixels image = image_pixels(item, 1);
    ASSERT_EQ(image.pixels.size(), 3u);
    EXPECT_EQ(image.pixels[0], (Color{0, 128, 255, 255}));
    EXPECT_EQ(image.pixels[1], (Color{0, 255, 64, 255}));
    EXPECT_EQ(image.pixels[2], (Color{0, 1, 0, 255}));
    const ImageItem grey{{0, 0, 1, 1}, Tensor<float>(Shape{1, 1, 1}, 0.5f), 1};
    EXPECT_EQ(image_pixels(grey, 1).pixels[0], (Color{128, 128, 128, 255}));
}

TEST(ImagePixels, AreAveragedInBlocksTheLastOfWhatIsLeft) {
    const ImagePixels image = image_pixels(checkers(5, 7, {}), 2);
    EXPECT_EQ(image.rows, 3);
    EXPECT_EQ(image.cols, 4);
    EXPECT_EQ(image.pixels[0].r, 128);
    EXPECT_EQ(image.pixels[3].r, 128);   // one column of two
    EXPECT_EQ(image.pixels[11].r, 255);  // one pixel
    EXPECT_EQ(image_block(checkers(600, 800, {}), 400, 300), 2);
    EXPECT_EQ(image_block(checkers(600, 800, {}), 401, 300), 1);
    EXPECT_EQ(image_block(checkers(600, 800, {}), 3, 2), 256);
    EXPECT_EQ(image_block(checkers(6, 8, {}), 400, 300), 1);
}

TEST(ImagePixels, OfSomethingElseAreOneLine) {
    for (const Shape& shape : {Shape{4, 4}, Shape{4, 4, 2}, Shape{2, 2, 2, 3}})
        EXPECT_EQ(error_of([&] { image_pixels({{}, Tensor<float>(shape), 1}, 1); }).code(), ErrorCode::invalid_input);
}

TEST(ImageItem, IsWrittenOnceHoweverOftenItStands) {
    Figure figure;
    figure.width = 300;
    figure.height = 100;
    ImageItem item = checkers(20, 20, {0, 0, 90, 90});
    figure.items.emplace_back(item);
    item.box.x = 100;
    item.opacity = 0.5;
    figure.items.emplace_back(item);
    const std::string svg = to_svg(figure, theme("light").panel, PlainMeasure(), "");
    const auto count = [&svg](const std::string& what) {
        int n = 0;
        for (std::size_t at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
        return n;
    };
    // For readers of SVG 2 and for those that stayed with SVG 1.1; no <symbol>, which Qt does not draw pictures from.
    EXPECT_EQ(count(" href=\"data:image/png"), 1);
    EXPECT_EQ(count(" xlink:href=\"data:image/png"), 1);
    EXPECT_EQ(count("<symbol"), 0);
    EXPECT_EQ(count("<use href=\"#picture1\" xlink:href=\"#picture1\" x=\"100\" y=\"0\"/>"), 1);
    EXPECT_EQ(count(" opacity=\"0.5\""), 1);
    // At another size it is another picture.
    item.box.w = 45;
    figure.items.emplace_back(item);
    EXPECT_NE(to_svg(figure, theme("light").panel, PlainMeasure(), "").find("id=\"picture2\""), std::string::npos);
}

TEST(HeatmapImage, HasOpacityAndThresholdInItsColours) {
    HeatmapItem item = map_of(Tensor<float>::from(Shape{1, 3}, {0.2f, 0.6f, std::nanf("")}));
    item.opacity = 0.5;
    item.threshold = 0.4;
    item.masked_ground = {10, 20, 30, 255};
    const HeatmapImage image = heatmap_image(item, 100);
    EXPECT_EQ(image.pixels[0].a, 0);
    EXPECT_EQ(image.pixels[1].a, 128);
    EXPECT_EQ(image.pixels[2], (Color{10, 20, 30, 128}));
    item.map = &colormap("diverging", theme("dark"));
    item.normalization.low = -1;
    EXPECT_EQ(heatmap_color(item, 0.1).a, 0);
    EXPECT_EQ(heatmap_color(item, -0.6).a, 128);
    EXPECT_EQ(heatmap_color(item, 0.6).a, 128);
}

TEST(HeatmapImage, IsSmoothBetweenTheCentresOfCells) {
    HeatmapItem item = map_of(Tensor<float>::from(Shape{2, 2}, {0, 1, 0, 1}));
    item.smooth = true;
    const HeatmapImage image = heatmap_image(item, 4096, 1);
    EXPECT_EQ(image.cols, 80);
    const auto at = [&](Index x) { return image.pixels[static_cast<std::size_t>(40 * 80 + x)]; };
    EXPECT_EQ(at(5), item.map->at(0));
    EXPECT_EQ(at(75), item.map->at(1));
    EXPECT_EQ(at(39), item.map->at((39.5 - 20) / 40));
    // Where cells are smaller than pixels there is nothing between them.
    item.values = Tensor<float>(Shape{200, 200}, 0.5f);
    EXPECT_EQ(heatmap_image(item, 4096, 1).cols, 200);
}

TEST(HeatmapImage, MaskedCellsDoNotReachTheirSmoothNeighbours) {
    HeatmapItem item = map_of(Tensor<float>::from(Shape{1, 2}, {0.5f, std::nanf("")}));
    item.smooth = true;
    item.masked_ground = {1, 2, 3, 255};
    const HeatmapImage image = heatmap_image(item, 4096, 1);
    EXPECT_EQ(image.pixels[39], item.map->at(0.5));
    EXPECT_EQ(image.pixels[41], item.masked_ground);
    ASSERT_EQ(image.masked.size(), 1u);
    EXPECT_DOUBLE_EQ(image.masked[0].x, 40);
    EXPECT_DOUBLE_EQ(image.masked[0].w, 40);
}

}  // namespace
}  // namespace saccade::image_item_test
