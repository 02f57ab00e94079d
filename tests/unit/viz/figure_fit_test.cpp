#include "viz/figure_fit.hpp"

#include <algorithm>

#include "figure_items.hpp"
#include "run/run_request.hpp"
#include "sample_trace.hpp"
#include "viz/export.hpp"
#include "viz/layout.hpp"
#include "viz/length.hpp"
#include "viz_testing.hpp"

// Figures as high as their panels need, one range of colours over panels, and parts that are left out.

namespace saccade::figure_fit_test {
namespace {

using namespace test;

constexpr double mm = 96 / 25.4, pt = 96.0 / 72;
const std::vector<std::string> words{"he", "gets", "up", "at", "six", "every", "morning", ".", "<end>"};

ViewState column(const std::string& view, double width_mm = 85, double points = 8) {
    ViewState state;
    state.view = view;
    state.tensor = "encoder.weights";
    state.theme = "print";
    state.width = width_mm * mm;
    state.text_size = points * pt;
    state.text_scale = state.text_size / 13;
    state.marks = false;
    return state;
}

TEST(FigureFit, EveryLabelOfARowIsWritten) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(1, 1, words);
    for (const double points : {7.0, 8.0, 9.0}) {
        SCOPED_TRACE(points);
        ViewState state = column("heatmap", 85, points);
        state.height = 40 * mm;
        EXPECT_GT(missing_height(trace, view("heatmap").layout(trace, state, measure), state), 0);
        FigurePanels none;
        fit_height(trace, state, none, measure);
        const Figure figure = view("heatmap").layout(trace, state, measure);
        EXPECT_EQ(missing_height(trace, figure, state), 0);
        for (const std::string& word : words) EXPECT_TRUE(says(figure, word)) << word;
    }
}

TEST(FigureFit, NothingStandsInEmptySpace) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    ViewState state = column("head-grid");
    FigurePanels none;
    fit_height(trace, state, none, measure);
    const Figure figure = view("head-grid").layout(trace, state, measure);
    const Box grid = items_of<HeatmapGridItem>(figure).front().box;
    EXPECT_GT(grid.w, 0.75 * state.width) << "as wide as there is room";
    EXPECT_LT(state.height - grid.h, 145 * state.text_scale) << "title, names, numbers and bar alone stand beside it";
}

TEST(FigureFit, CurvesAreNotFlat) {
    const PangoTextMeasure measure;
    Trace trace;
    const AxisPtr kind =
        trace.add_axis({"kind", AxisKind::class_, 4, {"self-attention", "recurrent", "convolution", "restricted"}, "c"});
    const AxisPtr n = trace.add_axis({"n", AxisKind::step, 6, {"n 32", "n 64", "n 128", "n 256", "n 512", "n 1024"}, "i"});
    Tensor<float> time({4, 6});
    for (Index i = 0; i < time.size(); ++i) time.data()[i] = static_cast<float>(i % 6 + i / 6);
    trace.add({"time", Role::metric, "t", "Measured", "log₂ µs", {kind, n}}, time);
    for (const double width : {40.0, 85.0, 170.0}) {
        SCOPED_TRACE(width);
        ViewState state = column("curves", width);
        state.tensor = "time";
        FigurePanels none;
        fit_height(trace, state, none, measure);
        const Figure figure = view("curves").layout(trace, state, measure);
        ASSERT_EQ(figure.regions.size(), 1u);
        EXPECT_GE(figure.regions[0].box.h, 5.9 * text_px(state)) << "of " << state.height;
        EXPECT_LT(figure.height, figure.width * 1.3) << "and no higher than that needs";
    }
}

TEST(FigureFit, OneCurveIsNotNamedTwice) {
    const PangoTextMeasure measure;
    ViewState state = column("curves", 60);
    state.tensor = "loss";
    const auto texts = items_of<TextItem>(view("curves").layout(curves_trace(10), state, measure));
    EXPECT_EQ(std::ranges::count_if(texts, [](const TextItem& t) { return t.text.find("Loss") != std::string::npos; }), 1);
    EXPECT_TRUE(std::ranges::any_of(texts, [](const TextItem& t) { return t.text.find("nat") != std::string::npos; }));
}

TEST(FigureFit, WhatIsTallerThanAPageIsThinned) {
    const PangoTextMeasure measure;
    std::vector<std::string> many;
    for (int i = 0; i < 120; ++i) many.push_back(words[static_cast<std::size_t>(i) % words.size()]);
    const Trace trace = stack_trace(1, 1, many);
    ViewState state = column("heatmap");
    FigurePanels none;
    fit_height(trace, state, none, measure);
    EXPECT_LE(state.height, state.width);
}

TEST(FigureFit, RowsOfPanelsAreAsHighAsEachNeeds) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    ViewState whole = column("heatmap", 170);
    FigurePanels panels{.states = {column("head-grid"), column("heatmap"), column("flow"), column("heatmap")}, .columns = 3};
    fit_height(trace, whole, panels, measure);
    ASSERT_EQ(panels.heights.size(), 2u);
    EXPECT_NEAR(whole.height, panels.heights[0] + panels.heights[1] + whole.text_size, 1e-6);
    const Figure figure = figure_of_panels(trace, whole, panels, measure);
    EXPECT_EQ(figure.height, whole.height);
    for (std::size_t n = 0; n < panels.states.size(); ++n) {
        const ViewState state = panel_state(trace, whole, panels, n);
        EXPECT_EQ(state.height, panels.heights[n / 3]);
        EXPECT_EQ(missing_height(trace, view(state.view).layout(trace, state, measure), state), 0) << n;
    }
}

TEST(FigureFit, ALowFigureSaysThatItsLabelsAreThinned) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(1, 1, words);
    FigureOrigin origin;
    RunRequest request;
    request.exhibit = "self-attention";
    origin.request = request_text(request);
    origin.view = column("heatmap");
    origin.view.height = 50 * mm;
    const auto thinned = [&] {
        const std::vector<Note> notes = laid_out(trace, origin, measure).notes;
        return std::ranges::any_of(notes, [](const Note& note) { return note.text.find("labels") != std::string::npos; });
    };
    EXPECT_TRUE(thinned());
    fit_height(trace, origin, measure);
    EXPECT_FALSE(thinned());
}

TEST(FigureFit, ANarrowFigureSaysThatItsLabelsHaveNoRoom) {
    const PangoTextMeasure measure;
    std::vector<std::string> many;
    for (int i = 0; i < 40; ++i) many.push_back("word" + std::to_string(i));
    const Trace trace = stack_trace(1, 1, many);
    ViewState state = column("heatmap", 300);
    state.height = 300 * mm;
    EXPECT_FALSE(missing_labels(trace, view("heatmap").layout(trace, state, measure), state).has_value());
    state.width = 60 * mm;
    const auto missing = missing_labels(trace, view("heatmap").layout(trace, state, measure), state);
    ASSERT_TRUE(missing.has_value());
    EXPECT_EQ(missing->of, 40);
    EXPECT_GT(missing->count, 10);
    // A view that writes no labels of an axis lacks none.
    EXPECT_FALSE(missing_labels(trace, view("head-grid").layout(trace, state, measure), state).has_value());
}

std::vector<Normalization> ranges_of(const Figure& figure) {
    std::vector<Normalization> all;
    for (const auto& item : items_of<HeatmapGridItem>(figure)) all.push_back(item.normalization);
    for (const auto& item : items_of<HeatmapItem>(figure)) all.push_back(item.normalization);
    return all;
}

TEST(SharedRange, PanelsOfTheSameNumbersHaveOneRange) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    ViewState whole = column("heatmap", 170);
    whole.height = 300;
    FigurePanels panels{.states = {column("heatmap"), column("heatmap"), column("heatmap")}, .columns = 3};
    for (ViewState& state : panels.states) state.scale = Normalization::Scale::largest;
    panels.states[1].selected = focus_of(trace, {"encoder.weights", {2, 3}});
    panels.states[2].tensor = "encoder.scores";
    const auto own = ranges_of(figure_of_panels(trace, whole, panels, measure));
    panels.shared_range = true;
    const auto shared = ranges_of(figure_of_panels(trace, whole, panels, measure));
    ASSERT_EQ(own.size(), 3u);
    ASSERT_EQ(shared.size(), 3u);
    EXPECT_NE(own[0].high, own[1].high);
    EXPECT_EQ(shared[0].high, std::max(own[0].high, own[1].high));
    EXPECT_EQ(shared[0].high, shared[1].high);
    EXPECT_EQ(shared[2].high, own[2].high) << "scores are no weights";
}

TEST(FigureParts, AreLeftOutByChoice) {
    const PangoTextMeasure measure;
    const Trace trace = stack_trace(3, 6, words);
    for (const char* id : {"heatmap", "head-grid"}) {
        SCOPED_TRACE(id);
        ViewState state = column(id);
        const Figure all = view(id).layout(trace, state, measure);
        const std::string title = all.title;
        EXPECT_TRUE(says(all, title));
        state.options.title = ViewOptions::Part::off;
        EXPECT_FALSE(says(view(id).layout(trace, state, measure), title));
        EXPECT_EQ(items_of<ColorBarItem>(view(id).layout(trace, state, measure)).size(), 1u);
        state.options.colour_bar = ViewOptions::Part::off;
        EXPECT_EQ(items_of<ColorBarItem>(view(id).layout(trace, state, measure)).size(), 0u);
        const std::string names = std::string(id) == "heatmap" ? "query" : "heads";
        EXPECT_TRUE(says(view(id).layout(trace, state, measure), names));
        state.options.axis_names = ViewOptions::Part::off;
        EXPECT_FALSE(says(view(id).layout(trace, state, measure), names));
    }
    ViewState numbers = column("heatmap");
    numbers.tensor = "encoder.scores";
    numbers.width = numbers.height = 900;
    const std::vector<std::string> two{"a", "b"};
    const Trace small = stack_trace(1, 1, two);
    const auto mono = [&] {
        const auto texts = items_of<TextItem>(view("heatmap").layout(small, numbers, measure));
        return std::ranges::count_if(texts, [](const TextItem& text) { return text.font == Font::mono; });
    };
    EXPECT_EQ(mono(), 4);
    numbers.options.numbers = ViewOptions::Part::off;
    EXPECT_EQ(mono(), 0);
}

}  // namespace
}  // namespace saccade::figure_fit_test
