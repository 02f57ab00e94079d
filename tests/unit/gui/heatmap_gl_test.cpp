#include <cairo.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gl/heatmap_renderer.hpp"
#include "gl/image_renderer.hpp"
#include "unit/gui/gl_context.hpp"
#include "viz/canvas_cairo.hpp"

namespace saccade::heatmap_gl_test {
namespace {

// Figures stand on the panel of their theme; the gaps between cells let it through.
const Color ground = theme("dark").panel;

struct Picture {
    int width = 0, height = 0;
    std::vector<Color> pixels;
    Color at(int x, int y) const { return pixels[static_cast<std::size_t>(y * width + x)]; }
};

int distance(Color a, Color b) {
    return std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b)});
}

Tensor<float> wave(Index rows, Index cols, bool with_masked) {
    Tensor<float> values(Shape{rows, cols});
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const double t = 0.5 + 0.5 * std::sin(0.7 * static_cast<double>(r) + 1.3 * static_cast<double>(c));
            const bool masked = with_masked && (r + 2 * c) % 7 == 0;
            values.data()[r * cols + c] =
                masked ? (c % 2 == 0 ? -std::numeric_limits<float>::infinity() : std::nanf("")) : static_cast<float>(t);
        }
    return values;
}

HeatmapItem item_of(Tensor<float> values, Box box, double gap = 1) {
    HeatmapItem item;
    item.box = box;
    item.values = std::move(values);
    item.map = &colormap("ember", theme("dark"));
    item.gap = gap;
    item.gap_color = theme("dark").panel;
    item.hatch = theme("dark").faint;
    item.masked_ground = theme("dark").raised;
    return item;
}

template <class Item>
Figure figure_of(const Item& item, double width, double height) {
    Figure figure;
    figure.width = width;
    figure.height = height;
    figure.items.emplace_back(item);
    return figure;
}

/// What `draw` draws into a target of its own.
template <class Draw>
Picture read_back(int width, int height, const Draw& draw) {
    const Offscreen target(width, height);
    target.bind();
    glDisable(GL_SCISSOR_TEST);
    glClearColor(ground.r / 255.0f, ground.g / 255.0f, ground.b / 255.0f, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    draw();
    const std::string bytes = target.read();
    Picture picture{width, height, {}};
    for (std::size_t i = 0; i + 3 < bytes.size(); i += 4)
        picture.pixels.push_back({static_cast<std::uint8_t>(bytes[i]), static_cast<std::uint8_t>(bytes[i + 1]),
                                  static_cast<std::uint8_t>(bytes[i + 2]), 255});
    return picture;
}

template <class Item>
Picture draw_by_gl(const Item& item, int width, int height, HeatmapRenderer& renderer) {
    return read_back(width, height, [&] { renderer.draw(item, item.box, 1, width, height); });
}

Picture draw_by_gl(const ImageItem& item, int width, int height, ImageRenderer& renderer) {
    return read_back(width, height, [&] { renderer.draw(item, item.box, width, height); });
}

template <class Item>
Picture draw_by_cairo(const Item& item, int width, int height) {
    cairo_surface_t* surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t* cr = cairo_create(surface);
    cairo_set_source_rgb(cr, ground.r / 255.0, ground.g / 255.0, ground.b / 255.0);
    cairo_paint(cr);
    draw_on_cairo(cr, figure_of(item, width, height), PangoTextMeasure());
    cairo_destroy(cr);
    cairo_surface_flush(surface);
    Picture picture{width, height, {}};
    const unsigned char* data = cairo_image_surface_get_data(surface);
    const int stride = cairo_image_surface_get_stride(surface);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const unsigned char* p = data + y * stride + x * 4;
            picture.pixels.push_back({p[2], p[1], p[0], 255});
        }
    cairo_surface_destroy(surface);
    return picture;
}

int worst_distance(const Picture& a, const Picture& b) {
    int worst = 0;
    for (std::size_t i = 0; i < a.pixels.size(); ++i) worst = std::max(worst, distance(a.pixels[i], b.pixels[i]));
    return worst;
}

/// A coloured picture with an edge in it.
ImageItem image_item(Index rows, Index cols, Box box) {
    Tensor<float> pixels(Shape{rows, cols, 3});
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const double x = static_cast<double>(c) / static_cast<double>(cols),
                         y = static_cast<double>(r) / static_cast<double>(rows);
            float* p = pixels.data() + (r * cols + c) * 3;
            p[0] = static_cast<float>(x);
            p[1] = static_cast<float>(0.5 + 0.5 * std::sin(9 * x + 7 * y));
            p[2] = x + y < 1 ? 0.9f : 0.1f;
        }
    return {box, pixels, 1};
}

class HeatmapOnGl : public testing::Test {
 protected:
    GlContext context_;
    HeatmapRenderer renderer_;
};

TEST_F(HeatmapOnGl, AgreesWithTheCpuRasterAtEveryPixelOfTheSameFigure) {
    using Scale = Normalization::Scale;
    for (const Scale scale : {Scale::linear, Scale::sqrt, Scale::log}) {
        HeatmapItem item = item_of(wave(5, 7, false), {10, 6, 140, 100});
        item.normalization.scale = scale;
        const Picture gl = draw_by_gl(item, 160, 120, renderer_), cairo = draw_by_cairo(item, 160, 120);
        int worst = 0;
        for (int y = 0; y < 120; ++y)
            for (int x = 0; x < 160; ++x) worst = std::max(worst, distance(gl.at(x, y), cairo.at(x, y)));
        // One step of the colormap: the shader normalises in float, Cairo's canvas in double.
        EXPECT_LE(worst, 3) << to_string(scale);
    }
}

TEST_F(HeatmapOnGl, AMapOverSomethingLetsItThroughAsTheCpuRasterDoes) {
    for (const bool smooth : {false, true})
        for (const double threshold : {0.0, 0.4, -1.0}) {  // the last: it fades instead
            HeatmapItem item = item_of(wave(5, 7, false), {10, 6, 140, 100}, 0);
            item.opacity = 0.65;
            item.fades = threshold < 0;
            item.smooth = smooth;
            item.threshold = std::max(0.0, threshold);
            const Picture gl = draw_by_gl(item, 160, 120, renderer_), cairo = draw_by_cairo(item, 160, 120);
            int differing = 0;
            for (std::size_t i = 0; i < gl.pixels.size(); ++i) differing += distance(gl.pixels[i], cairo.pixels[i]) > 4 ? 1 : 0;
            // Along the line where a smooth map meets its threshold, one pixel may fall to either side.
            EXPECT_LE(differing, smooth && threshold > 0 ? 12 : 0) << smooth << " " << threshold;
            Index painted = 0;
            for (const Color c : gl.pixels) painted += c == ground ? 0 : 1;
            if (threshold > 0)
                EXPECT_TRUE(painted > 2000 && painted < 13000) << painted;
            else if (threshold < 0)  // nothing where there is nothing
                EXPECT_TRUE(painted > 13000 && (smooth || painted < 140 * 100)) << painted;
            else
                EXPECT_EQ(painted, 140 * 100);
        }
}

TEST_F(HeatmapOnGl, AMapThatIsNotPaintedAtAllLeavesTheGround) {
    HeatmapItem item = item_of(wave(5, 7, false), {10, 6, 140, 100}, 0);
    item.normalization.high = 100;
    item.threshold = 0.5;
    for (const Color c : draw_by_gl(item, 160, 120, renderer_).pixels) ASSERT_EQ(c, ground);
}

TEST_F(HeatmapOnGl, MaskedCellsOfASmoothMapAreHatchedAndDoNotReachTheOthers) {
    HeatmapItem item = item_of(wave(4, 6, true), {0, 0, 240, 160}, 0);
    item.smooth = true;
    item.masked_ground.a = 0;
    const Picture gl = draw_by_gl(item, 240, 160, renderer_), cairo = draw_by_cairo(item, 240, 160);
    for (Index r = 0; r < 4; ++r)
        for (Index c = 0; c < 6; ++c) {
            const int x = static_cast<int>(c) * 40 + 20, y = static_cast<int>(r) * 40 + 20;
            if (std::isfinite(item.values.at({r, c}))) {
                EXPECT_LE(distance(gl.at(x, y), cairo.at(x, y)), 4) << r << "," << c;
                continue;
            }
            int on_ground = 0;
            for (int i = -8; i < 8; ++i)
                for (int k = -8; k < 8; ++k) on_ground += gl.at(x + i, y + k) == ground ? 1 : 0;
            EXPECT_GT(on_ground, 128) << r << "," << c;
        }
}

TEST(ImageOnGl, AgreesWithTheCpuRasterEnlargedReducedAndTranslucent) {
    const GlContext context;
    ImageRenderer renderer;
    for (const double opacity : {1.0, 0.4})
        for (const auto& [rows, cols] : {std::pair<Index, Index>{9, 13}, {60, 80}, {301, 457}}) {
            ImageItem item = image_item(rows, cols, {8, 4, 140, 96});
            item.opacity = opacity;
            const Picture gl = draw_by_gl(item, 160, 110, renderer), cairo = draw_by_cairo(item, 160, 110);
            EXPECT_LE(worst_distance(gl, cairo), 6) << rows << "x" << cols << " at " << opacity;
            EXPECT_EQ(gl.at(3, 2), ground);
        }
}

TEST(ImageOnGl, TheSecondPictureIsNotTakenForTheFirst) {
    const GlContext context;
    ImageRenderer renderer;
    const ImageItem item = image_item(40, 40, {0, 0, 80, 80});
    ImageItem grey{item.box, Tensor<float>(Shape{40, 40, 1}, 0.5f), 1};
    const Picture first = draw_by_gl(item, 80, 80, renderer), second = draw_by_gl(grey, 80, 80, renderer);
    EXPECT_GT(worst_distance(first, second), 60);
    for (const Color c : second.pixels) ASSERT_EQ(c, (Color{128, 128, 128, 255}));
    EXPECT_EQ(worst_distance(draw_by_gl(item, 80, 80, renderer), first), 0);
}

/// Six maps that differ, 2 x 3, pictures of 50 x 40 px with gaps of 4.
HeatmapGridItem grid_item(Index rows, Index cols) {
    HeatmapGridItem item;
    item.values = wave(6 * rows, cols, false).reshape(Shape{6, rows, cols});
    item.map_rows = 2;
    item.map_cols = 3;
    item.box = {6, 8, 158, 84};
    item.gap = 4;
    item.map = &colormap("ember", theme("dark"));
    item.hatch = theme("dark").faint;
    item.masked_ground = theme("dark").raised;
    return item;
}

TEST_F(HeatmapOnGl, AGridAgreesWithTheCpuRasterAtEveryPixel) {
    for (const bool sorted : {false, true}) {
        HeatmapGridItem item = grid_item(8, 10);
        if (sorted) item.order = {2, 0, 1, 5, 4, 3};
        const Picture gl = draw_by_gl(item, 170, 100, renderer_), cairo = draw_by_cairo(item, 170, 100);
        int worst = 0;
        for (int y = 0; y < 100; ++y)
            for (int x = 0; x < 170; ++x) worst = std::max(worst, distance(gl.at(x, y), cairo.at(x, y)));
        EXPECT_LE(worst, 3) << sorted;
    }
}

TEST_F(HeatmapOnGl, AGridOfLargeMapsShowsTheLargestOfEachBlock) {
    HeatmapGridItem item = grid_item(400, 500);
    for (float& v : item.values.values()) v = 0;
    item.values.data()[(4 * 400 + 200) * 500 + 250] = 1;  // one cell in the middle of the fifth map
    const Picture gl = draw_by_gl(item, 170, 100, renderer_);
    const Color zero = item.map->at(0);
    Color brightest = zero;
    for (int y = 52; y < 92; ++y)
        for (int x = 60; x < 110; ++x)
            if (distance(gl.at(x, y), zero) > distance(brightest, zero)) brightest = gl.at(x, y);
    EXPECT_GT(distance(brightest, zero), 60);
    for (int x = 6; x < 56; ++x) EXPECT_LE(distance(gl.at(x, 30), zero), 3) << "another map at " << x;
}

TEST_F(HeatmapOnGl, AgreesWithTheCpuRasterForSignedValuesOnADivergingMap) {
    Tensor<float> values = wave(6, 6, false);
    for (float& v : values.values()) v = 2 * v - 1;
    HeatmapItem item = item_of(values, {0, 0, 120, 120}, 0);
    item.map = &colormap("diverging", theme("light"));
    item.normalization = normalization_for(values, false, true, Normalization::Scale::sqrt);
    const Picture gl = draw_by_gl(item, 120, 120, renderer_), cairo = draw_by_cairo(item, 120, 120);
    for (int y = 10; y < 120; y += 20)
        for (int x = 10; x < 120; x += 20) EXPECT_LE(distance(gl.at(x, y), cairo.at(x, y)), 3) << x << "," << y;
}

TEST_F(HeatmapOnGl, HatchesMaskedCellsAndColoursNoOther) {
    const HeatmapItem item = item_of(wave(4, 6, true), {0, 0, 240, 160});
    const Picture gl = draw_by_gl(item, 240, 160, renderer_);
    for (Index r = 0; r < 4; ++r)
        for (Index c = 0; c < 6; ++c) {
            int on_ground = 0, on_line = 0, other = 0;
            for (int y = 0; y < 38; ++y)
                for (int x = 0; x < 38; ++x) {
                    const Color here = gl.at(static_cast<int>(c) * 40 + x, static_cast<int>(r) * 40 + y);
                    if (distance(here, item.masked_ground) <= 1)
                        ++on_ground;
                    else if (distance(here, item.hatch) <= 1)
                        ++on_line;
                    else
                        ++other;
                }
            if (std::isfinite(item.values.at({r, c}))) {
                EXPECT_EQ(on_line, 0);
            } else {
                EXPECT_EQ(other, 0);
                EXPECT_GT(on_line, 100);
                EXPECT_GT(on_ground, on_line);
            }
        }
}

TEST_F(HeatmapOnGl, ATextureOfALargerPictureShowsNothingOfItInASmallerOne) {
    const auto drawn = [](Index rows, Index columns, HeatmapRenderer& renderer) {
        return draw_by_gl(item_of(wave(rows, columns, false), {3, 2, 300, 200}, 0), 310, 210, renderer);
    };
    drawn(60, 64, renderer_);
    for (int i = 0; i < 10; ++i) renderer_.end_frame();  // no picture needs its texture any more
    HeatmapRenderer fresh;
    const Picture again = drawn(37, 41, renderer_), first = drawn(37, 41, fresh);
    int differing = 0;
    for (std::size_t i = 0; i < first.pixels.size(); ++i) differing += distance(first.pixels[i], again.pixels[i]) > 0 ? 1 : 0;
    EXPECT_EQ(differing, 0);
}

TEST_F(HeatmapOnGl, TilesMeetWithoutSeams) {
    const HeatmapItem item = item_of(wave(37, 53, true), {3, 2, 530, 370}, 0);
    HeatmapRenderer tiled(16);
    const Picture one = draw_by_gl(item, 540, 380, renderer_), many = draw_by_gl(item, 540, 380, tiled);
    int differing = 0;
    for (std::size_t i = 0; i < one.pixels.size(); ++i) differing += distance(one.pixels[i], many.pixels[i]) > 3 ? 1 : 0;
    EXPECT_EQ(differing, 0);
}

TEST_F(HeatmapOnGl, CellsSmallerThanAPixelAreAveragedNotPickedOut) {
    // A checkerboard of 0 and 1 at 16 cells a pixel: any cell picked out would be black or white; the mean is the middle.
    constexpr Index n = 1024;
    Tensor<float> values(Shape{n, n});
    for (Index r = 0; r < n; ++r)
        for (Index c = 0; c < n; ++c) values.data()[r * n + c] = static_cast<float>((r + c) % 2);
    const HeatmapItem item = item_of(values, {0, 0, 64, 64}, 0);
    const Picture gl = draw_by_gl(item, 64, 64, renderer_);
    for (int y = 0; y < 64; ++y)
        for (int x = 0; x < 64; ++x) ASSERT_LE(distance(gl.at(x, y), item.map->at(0.5)), 3) << x << "," << y;
}

TEST_F(HeatmapOnGl, CellsALittleSmallerThanAPixelShowTheMeanOfThoseUnderIt) {
    // 100 x 60 cells on 83.3 x 47.7 px from a corner between pixels; one cell in seven is masked.
    constexpr Index rows = 60, columns = 100;
    Tensor<float> values(Shape{rows, columns});
    for (Index i = 0; i < values.size(); ++i)
        values.data()[i] = i % 7 == 3 ? -INFINITY : static_cast<float>(i * 37 % 101) / 100;
    const Box box{5.4, 3.7, 83.3, 47.7};
    const HeatmapItem item = item_of(values, box, 0);
    const Picture gl = draw_by_gl(item, 100, 60, renderer_);
    const double wide = box.w / columns, tall = box.h / rows;
    const auto under = [](double at, double size, Index most) {
        const double reach = 0.5 / size - 0.5;
        const auto from = std::max<Index>(0, static_cast<Index>(std::floor(at - reach)));
        return std::pair{from, std::min({static_cast<Index>(std::floor(at + reach)), from + 2, most - 1})};
    };
    int compared = 0;
    for (int y = 0; y < 60; ++y)
        for (int x = 0; x < 100; ++x) {
            if (!box.contains({x + 0.5, y + 0.5})) {
                ASSERT_LE(distance(gl.at(x, y), ground), 3) << x << "," << y;
                continue;
            }
            const auto [left, right] = under((x + 0.5 - box.x) / wide, wide, columns);
            const auto [top, bottom] = under((y + 0.5 - box.y) / tall, tall, rows);
            double sum = 0, n = 0;
            for (Index r = top; r <= bottom; ++r)
                for (Index c = left; c <= right; ++c)
                    if (const float v = values.data()[r * columns + c]; std::isfinite(v)) sum += v, n += 1;
            if (n == 0) continue;  // hatched
            ASSERT_LE(distance(gl.at(x, y), item.map->at(sum / n)), 6) << x << "," << y;
            ++compared;
        }
    EXPECT_GT(compared, 3400);
}

TEST_F(HeatmapOnGl, AveragesAsTheCpuRasterDoesWhereBlocksAreUneven) {
    const HeatmapItem item = item_of(wave(500, 301, true), {0, 0, 90, 120}, 0);
    const Picture gl = draw_by_gl(item, 90, 120, renderer_);
    double sum = 0;
    for (const Color& c : gl.pixels) sum += c.r + c.g + c.b;
    // Means of many cells of a wave about one half lie near one half, so does the picture.
    const Color middle = item.map->at(0.5);
    EXPECT_NEAR(sum / static_cast<double>(gl.pixels.size()), middle.r + middle.g + middle.b, 12);
    EXPECT_LE(distance(gl.at(89, 119), middle), 120);  // the last pixel is covered, not left as ground
    EXPECT_GT(distance(gl.at(89, 119), ground), 8);
}

TEST(GlProgram, SaysWhatTheDriverSaidWhenAShaderDoesNotCompile) {
    const GlContext context;
    try {
        make_program("#version 330 core\nvoid main() { gl_Position = nonsense; }", "#version 330 core\nvoid main() {}");
        FAIL() << "compiled";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported);
        EXPECT_NE(error.message().find("nonsense"), std::string::npos) << error.message();
    }
}

}  // namespace
}  // namespace saccade::heatmap_gl_test
