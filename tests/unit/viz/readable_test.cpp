#include <fmt/format.h>

#include <algorithm>

#include "figure_checks.hpp"
#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/layout.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

// Whatever the size of a card: what is written can be read, what is left out is said, what is selected is seen.

namespace saccade::readable_test {
namespace {

using namespace test;

/// As a card on the stage asks for it.
ViewState card_state(const std::string& view, const std::string& tensor, double width, double height) {
    ViewState state;
    state.view = view;
    state.tensor = tensor;
    state.width = width;
    state.height = height;
    state.decorations = false;
    return state;
}

const std::vector<std::pair<double, double>>& card_sizes() {
    static const std::vector<std::pair<double, double>> sizes = {{210, 76},  {210, 110}, {240, 140}, {300, 90},
                                                                 {300, 160}, {420, 110}, {560, 260}, {1200, 700}};
    return sizes;
}

TEST(Readable, NoTextIsTooSmall) {
    const Trace sentence = attention_trace({"火", "车", "几", "点", "到", "？"}, tokens("answer", 9), 16);
    const Trace stack = stack_trace(3, 6, tokens("word", 12), 32);
    const Trace curves = series_trace({"S", "e", "p", " ", "3", "0"});
    for (const auto& [w, h] : card_sizes())
        for (const char* id : {"heatmap", "flow", "stages", "bars", "neuron", "head-grid", "norms", "curves"})
            for (const Trace* trace : {&sentence, &stack, &curves}) {
                const auto& all = trace->tensors();
                const View& v = view(id);
                if (std::none_of(all.begin(), all.end(), [&](const TraceTensor& t) { return v.accepts(*trace, t); })) continue;
                for (const TextItem& text : items_of<TextItem>(v.layout(*trace, card_state(id, "", w, h), PlainMeasure())))
                    EXPECT_GE(text.size, 10) << id << " " << w << " x " << h << ": " << text.text;
            }
}

TEST(Readable, TheNeuronViewNamesTheKeyAndCountsTheOthers) {
    const Trace trace = stack_trace(3, 6, tokens("word", 24), 32);
    for (const auto& [w, h] : card_sizes()) {
        ViewState state = card_state("neuron", "encoder.weights", w, h);
        state.selected = focus_of(trace, {"encoder.weights", {0, 0, 5, 5}});
        const Figure figure = view("neuron").layout(trace, state, PlainMeasure());
        check_sound(figure, PlainMeasure(), false);
        EXPECT_TRUE(says(figure, "word5")) << w << " x " << h;
        EXPECT_TRUE(h < 110 || says(figure, "more keys") || says(figure, "word23")) << w << " x " << h;
        // What is selected is one key, not every dimension.
        std::size_t lit = 0;
        for (const RectItem& rect : items_of<RectItem>(figure)) lit += rect.fill == theme("dark").selection ? 1 : 0;
        EXPECT_LE(lit, 1u);
    }
}

TEST(Readable, AColumnOfTheStagesIsDrawnOrSaid) {
    const Trace trace = attention_trace(tokens("s", 16), tokens("o", 11), 64);
    for (const auto& [w, h] : card_sizes()) {
        const Figure figure = view("stages").layout(trace, card_state("stages", "weights", w, h), PlainMeasure());
        const bool drawn = !items_of<HeatmapItem>(figure).empty();
        EXPECT_TRUE(drawn || figure.subtitle.find("3 context c") != std::string::npos) << w << " x " << h;
        EXPECT_TRUE(drawn || w < 200 || h < 140) << w << " x " << h;
    }
}

TEST(Readable, TheHeadsHaveTheirColourScaleOnTheStageToo) {
    const Trace trace = stack_trace(3, 6, tokens("word", 9), 8);
    for (const auto& [w, h] : card_sizes()) {
        const Figure figure = view("head-grid").layout(trace, card_state("head-grid", "encoder.weights", w, h), PlainMeasure());
        if (h >= 140) {
            EXPECT_EQ(items_of<ColorBarItem>(figure).size(), 1u);
            EXPECT_TRUE(says(figure, "weight"));
        }
    }
}

TEST(Readable, LongNamesOfColumnsShrinkBeforeTheyAreCut) {
    Trace trace;
    const std::vector<std::string> kinds = {"self-attention", "recurrent", "convolution", "restricted"},
                                   columns = {"formula", "counted", "measured", "± error"};
    const AxisPtr kind = trace.add_axis({"layer kind", AxisKind::class_, 4, kinds, "c"});
    const AxisPtr exponent = trace.add_axis({"exponent", AxisKind::feature, 4, columns, "e"});
    trace.add({"exponents", Role::state, "p", "Exponent", "", {kind, exponent}}, Tensor<float>(Shape{4, 4}, 1.5f));
    for (const auto& [w, h] : {std::pair{300.0, 140.0}, {240.0, 160.0}, {420.0, 300.0}}) {
        const Figure figure = view("heatmap").layout(trace, card_state("heatmap", "exponents", w, h), PlainMeasure());
        double least = 1e9, most = 0;
        for (const TextItem& text : items_of<TextItem>(figure)) {
            EXPECT_EQ(text.text.find("…"), std::string::npos) << text.text << " at " << w << " x " << h;
            if (text.font == Font::mono || (text.text[0] >= '0' && text.text[0] <= '9')) continue;
            least = std::min(least, text.size);
            most = std::max(most, text.size);
        }
        EXPECT_LE(most, 1.5 * least) << w << " x " << h;
    }
}

TEST(Readable, CurvesHaveRoomInALowCard) {
    Trace trace;
    const AxisPtr kind = trace.add_axis({"layer kind",
                                         AxisKind::class_,
                                         4,
                                         {"self-attention · n²d", "recurrent · nd²", "convolution · knd²", "restricted · rnd"},
                                         "c"});
    const AxisPtr n = trace.add_axis({"n", AxisKind::step, 5, {"n 32", "n 64", "n 128", "n 256", "n 512"}, "i"});
    Tensor<float> time(Shape{4, 5});
    for (Index i = 0; i < time.size(); ++i) time.data()[i] = static_cast<float>(8 + 0.2 * static_cast<double>(i));
    trace.add({"time", Role::metric, "t", "Measured", "log₂ µs", {kind, n}}, time);
    for (const auto& [w, h] : {std::pair{240.0, 100.0}, {240.0, 140.0}, {600.0, 300.0}}) {
        const Figure figure = view("curves").layout(trace, card_state("curves", "time", w, h), PlainMeasure());
        check_sound(figure, PlainMeasure(), true);
        double low = 1e9, high = 0;
        for (const LineItem& line : items_of<LineItem>(figure))
            for (const Point& p : line.points) {
                low = std::min(low, p.y);
                high = std::max(high, p.y);
            }
        EXPECT_GE(high - low, 0.2 * h) << w << " x " << h;
        // Sizes are written as numbers, the axis names them.
        EXPECT_TRUE(says(figure, "32"));
        EXPECT_FALSE(says(figure, "n 32"));
    }
    // A logarithm is not read against zero: the curves have most of the height.
    const Figure large = view("curves").layout(trace, card_state("curves", "time", 1600, 900), PlainMeasure());
    double low = 1e9, high = 0;
    for (const LineItem& line : items_of<LineItem>(large))
        if (line.width > 1.5)
            for (const Point& p : line.points) {
                low = std::min(low, p.y);
                high = std::max(high, p.y);
            }
    EXPECT_GE(high - low, 0.5 * 900);
}

TEST(Readable, WhatIsSaidBreaksAtBlanksWhereALineIsTooShort) {
    const PlainMeasure measure;
    ViewState state = card_state("heatmap", "", 300, 200);
    const Sketch sketch(state, measure);
    const auto lines = sketch.lines_of("outlined: where the word's shape is · each map on its own scale", 130, 12);
    ASSERT_GE(lines.size(), 3u);
    std::string all;
    for (const std::string& line : lines) {
        EXPECT_LE(sketch.text_width(line, 12), 130) << line;
        all += line + " ";
    }
    EXPECT_NE(all.find("where the word's shape is"), std::string::npos);
    EXPECT_EQ(sketch.lines_of("a · b", 500, 12), std::vector<std::string>{"a · b"});
    EXPECT_TRUE(sketch.lines_of("", 500, 12).empty());
}

/// Colours of the lines around a box: from the inside out.
std::vector<Color> strokes_around(const Figure& figure, Point at) {
    std::vector<Color> colors;
    for (const RectItem& rect : items_of<RectItem>(figure))
        if (rect.stroke.a > 0 && !rect.hatched && rect.box.contains(at)) colors.push_back(rect.stroke);
    return colors;
}

bool seen_on_every_colour(const std::vector<Color>& strokes, const Theme& t) {
    std::vector<Color> grounds = {t.over, t.under, t.raised, t.panel};
    for (const std::string& map : colormap_ids())
        for (const Color cell : colormap(map, t).colors) grounds.push_back(cell);
    return std::ranges::all_of(grounds, [&](Color ground) {
        return std::ranges::any_of(strokes, [&](Color line) { return line.a == 255 && contrast(line, ground) >= 3; });
    });
}

// WCAG 2.1, 1.4.11: also where the cell, or one beside it, has the selection's own colour.
TEST(Readable, WhatIsSelectedIsSeenOnCellsOfAnyColour) {
    const Trace trace = attention_trace(tokens("s", 9), tokens("o", 7), 16);
    for (const std::string& id : theme_ids()) {
        const Theme& t = theme(id);
        EXPECT_GE(contrast(t.selection, t.panel), 3) << id;
        for (const bool hover : {false, true})
            for (const char* tensor : {"weights", "scores", "context"}) {
                ViewState state = card_state("heatmap", tensor, 400, 300);
                state.theme = id;
                (hover ? state.hovered : state.selected) = focus_of(trace, {tensor, {3, 4}});
                const Figure figure = view("heatmap").layout(trace, state, PlainMeasure());
                const Box grid = items_of<HeatmapItem>(figure).front().box;
                const double cols = tensor == std::string("context") ? 16 : 9;
                const Point cell{grid.x + 4.5 * grid.w / cols, grid.y + 3.5 * grid.h / 7};
                EXPECT_TRUE(seen_on_every_colour(strokes_around(figure, cell), t)) << id << " " << tensor << " " << hover;
                // The row alone, where another tensor's cell is pointed at.
                const Point beside{grid.x + 0.5 * grid.w / cols, cell.y};
                EXPECT_TRUE(!hover || seen_on_every_colour(strokes_around(figure, beside), t)) << id << " " << tensor;
            }
        ViewState state = card_state("stages", "weights", 600, 300);
        state.theme = id;
        state.selected = focus_of(trace, {"context", {3, 5}});
        const Figure stages = view("stages").layout(trace, state, PlainMeasure());
        const Box box = items_of<HeatmapItem>(stages).front().box;
        const double cell = box.w / static_cast<double>(items_of<HeatmapItem>(stages).front().values.shape()[1]);
        const Index cols = items_of<HeatmapItem>(stages).front().values.shape()[1];
        EXPECT_TRUE(seen_on_every_colour(strokes_around(stages, {box.x + (static_cast<double>(5 % cols) + 0.5) * cell,
                                                                 box.y + (static_cast<double>(5 / cols) + 0.5) * cell}),
                                         t))
            << id;
    }
}

TEST(Readable, FewCellsGrowWithTheCard) {
    const Trace trace = attention_trace(tokens("s", 9), tokens("o", 6), 4);
    const auto cell = [&](double w, double h) {
        return items_of<HeatmapItem>(view("heatmap").layout(trace, card_state("heatmap", "weights", w, h), PlainMeasure()))
                   .front()
                   .box.h /
               6;
    };
    EXPECT_LE(cell(420, 320), 44);
    EXPECT_EQ(cell(720, 400), 44);
    EXPECT_GE(cell(1800, 900), 70);
    EXPECT_LE(cell(4000, 3000), 120);
}

}  // namespace
}  // namespace saccade::readable_test
