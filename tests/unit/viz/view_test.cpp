#include "viz/view.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz_testing.hpp"

namespace saccade::view_test {
namespace {

using namespace test;

Trace sentence() {
    return attention_trace({"a", "b", "c", "d"}, {"x", "y", "z"}, 6);
}

Figure figure_of(const std::string& id, const Trace& trace, const ViewState& state = {}) {
    return view(id).layout(trace, state, PlainMeasure());
}

Color color_of_text(const Figure& figure, const std::string& text) {
    for (const TextItem& t : items_of<TextItem>(figure))
        if (t.text == text) return t.color;
    ADD_FAILURE() << "no text " << text;
    return {};
}

TEST(Views, RegistryAndErrors) {
    for (const View* v : views()) EXPECT_EQ(&view(v->id()), v);
    const Error e = error_of([] { view("pie"); });
    EXPECT_EQ(e.code(), ErrorCode::usage);
    for (const View* v : views()) EXPECT_NE(e.hint().find(v->id()), std::string::npos);
}

TEST(Views, ChooseWeightsFirst) {
    const Trace trace = sentence();
    for (const char* id : {"heatmap", "flow", "stages", "bars"})
        EXPECT_EQ(tensor_for(view(id), trace, {}).info.name, "weights");
    ViewState state;
    state.tensor = "scores";
    EXPECT_EQ(tensor_for(view("heatmap"), trace, state).info.name, "scores");
    EXPECT_EQ(error_of([&] { tensor_for(view("flow"), trace, state); }).code(), ErrorCode::invalid_input);
    EXPECT_EQ(error_of([&] { tensor_for(view("curves"), trace, {}); }).code(), ErrorCode::not_found);
    state.tensor = "nothing";
    EXPECT_EQ(error_of([&] { tensor_for(view("heatmap"), trace, state); }).code(), ErrorCode::not_found);
}

TEST(Views, EmptyTensorsAreOneLine) {
    const Trace trace = plain_trace(Tensor<float>(Shape{0, 5}), Role::weights, {AxisKind::query, AxisKind::key});
    for (const char* id : {"heatmap", "flow", "stages", "bars"})
        EXPECT_EQ(error_of([&] { figure_of(id, trace); }).code(), ErrorCode::invalid_input);
}

TEST(Focus, MarksTheAxesOfTheCell) {
    const Trace trace = sentence();
    const Focus focus = focus_of(trace, {"weights", {2, 1}});
    EXPECT_EQ(focus.on(trace.axis("output")), 2);
    EXPECT_EQ(focus.on(trace.axis("source")), 1);
    EXPECT_FALSE(focus.on(trace.axis("annotation")));
    const Focus row = focus_of(trace, {"weights", {2, -1}});
    EXPECT_FALSE(row.on(trace.axis("source")));
    EXPECT_TRUE(focus_of(trace, {}).empty());
    EXPECT_EQ(error_of([&] { focus_of(trace, {"weights", {2, 4}}); }).code(), ErrorCode::out_of_range);
    EXPECT_EQ(error_of([&] { focus_of(trace, {"weights", {0, 0, 0}}); }).code(), ErrorCode::out_of_range);
    EXPECT_EQ(error_of([&] { focus_of(trace, {"waits", {0}}); }).code(), ErrorCode::not_found);
}

TEST(Focus, LightsTheSameTokensInEveryView) {
    const Trace trace = sentence();
    ViewState state;
    state.theme = "dark";
    state.selected = focus_of(trace, {"scores", {1, 2}});  // another tensor over the same axes
    const Color lit = theme("dark").selection;
    for (const char* id : {"heatmap", "flow"}) {
        EXPECT_EQ(color_of_text(figure_of(id, trace, state), "y"), lit) << id;
        EXPECT_NE(color_of_text(figure_of(id, trace, state), "x"), lit) << id;
    }
    for (const char* id : {"heatmap", "flow", "stages", "bars"}) {
        EXPECT_EQ(color_of_text(figure_of(id, trace, state), "c"), lit) << id;
        EXPECT_NE(color_of_text(figure_of(id, trace, state), "a"), lit) << id;
    }
}

TEST(Heatmap, HitLeadsBackToTheCell) {
    const Trace trace = sentence();
    const Figure figure = figure_of("heatmap", trace);
    const HeatmapItem grid = items_of<HeatmapItem>(figure).at(0);
    for (Index r = 0; r < 3; ++r)
        for (Index c = 0; c < 4; ++c) {
            const Point p{grid.box.x + (static_cast<double>(c) + 0.5) * grid.box.w / 4,
                          grid.box.y + (static_cast<double>(r) + 0.5) * grid.box.h / 3};
            const auto hit = figure.hit(p);
            ASSERT_TRUE(hit);
            EXPECT_EQ(hit->ref, (CellRef{"weights", {r, c}}));
            EXPECT_TRUE(hit->editable);
        }
    const auto row = figure.hit({grid.box.x - 14, grid.box.y + grid.box.h * 0.5});
    ASSERT_TRUE(row);
    EXPECT_EQ(row->ref, (CellRef{"weights", {1, -1}}));
    const auto col = figure.hit({grid.box.x + grid.box.w * 0.9, grid.box.y - 12});
    ASSERT_TRUE(col);
    EXPECT_EQ(col->ref, (CellRef{"weights", {-1, 3}}));
}

TEST(Heatmap, OnlyWeightsAreEdited) {
    ViewState state;
    state.tensor = "scores";
    const Figure figure = figure_of("heatmap", sentence(), state);
    EXPECT_FALSE(figure.regions.back().editable);
    const HeatmapItem grid = items_of<HeatmapItem>(figure).at(0);
    EXPECT_TRUE(grid.map->diverging);
    EXPECT_EQ(grid.normalization.low, -grid.normalization.high);
}

TEST(Heatmap, SlicesLeadingAxesWhereTheSelectionStands) {
    const Trace trace = heads_trace(2, 3, 4);
    ViewState state;
    state.selected = focus_of(trace, {"weights", {1, 2, 0, 0}});
    const Figure figure = figure_of("heatmap", trace, state);
    EXPECT_NE(figure.subtitle.find("layer 2"), std::string::npos);
    EXPECT_NE(figure.subtitle.find("head 3"), std::string::npos);
    EXPECT_EQ(figure.regions.back().ref.index, (std::vector<Index>{1, 2, -1, -1}));
    EXPECT_EQ(items_of<HeatmapItem>(figure).at(0).values.shape(), (Shape{4, 4}));
}

TEST(Heatmap, FindsQueryAndKeyWhereverTheyStand) {
    Trace trace;
    const AxisPtr query = trace.add_axis({"output", AxisKind::query, 2, {}, "i"});
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, 3, {}, "h"});
    const AxisPtr key = trace.add_axis({"source", AxisKind::key, 4, {}, "j"});
    Tensor<float> values(Shape{2, 3, 4});
    for (Index i = 0; i < values.size(); ++i) values.data()[i] = static_cast<float>(i);
    trace.add({"values", Role::scores, "", "Values", "", {query, head, key}}, values);
    ViewState state;
    state.selected.marks["head"] = 1;
    const HeatmapItem grid = items_of<HeatmapItem>(figure_of("heatmap", trace, state)).at(0);
    EXPECT_EQ(grid.values.shape(), (Shape{2, 4}));
    EXPECT_EQ(grid.values.at({0, 0}), 4);
    EXPECT_EQ(grid.values.at({1, 3}), 12 + 4 + 3);
}

TEST(Heatmap, PerRowScaleDividesByTheLargest) {
    const Trace trace = sentence();
    ViewState state;
    state.scale = Normalization::Scale::per_row;
    const HeatmapItem grid = items_of<HeatmapItem>(figure_of("heatmap", trace, state)).at(0);
    for (Index r = 0; r < 3; ++r) {
        float largest = 0;
        for (Index c = 0; c < 4; ++c) largest = std::max(largest, grid.values.at({r, c}));
        EXPECT_FLOAT_EQ(largest, 1);
    }
    EXPECT_LT(trace.tensor("weights").values.at({0, 0}), 1);  // the trace itself is untouched
}

TEST(Heatmap, DecorationsCanBeLeftToTheCard) {
    const Trace trace = sentence();
    ViewState state;
    const auto has_title = [&] {
        const auto texts = items_of<TextItem>(figure_of("heatmap", trace, state));
        return std::any_of(texts.begin(), texts.end(), [](const TextItem& t) { return t.text == "Attention weights"; });
    };
    EXPECT_TRUE(has_title());
    state.decorations = false;
    EXPECT_FALSE(has_title());
    EXPECT_EQ(figure_of("heatmap", trace, state).title, "Attention weights");
    EXPECT_EQ(figure_of("heatmap", trace, state).subtitle, "query: output · key: source");
}

TEST(Flow, DrawsACurveForEachWeightThatCounts) {
    const auto weights = Tensor<float>::from(Shape{2, 3}, {0.9f, 0.1f, 0, masked(), 0.5f, 0.001f});
    const Trace trace = plain_trace(weights, Role::weights, {AxisKind::query, AxisKind::key}, "t");
    const auto curves = items_of<CurveItem>(figure_of("flow", trace));
    ASSERT_EQ(curves.size(), 2u);                     // what is less than an even share is haze
    EXPECT_NEAR(curves.back().width, 6 * 0.9, 1e-6);  // strongest last, on top
    ViewState state;
    state.selected = focus_of(trace, {"values", {0, -1}});
    EXPECT_EQ(items_of<CurveItem>(figure_of("flow", trace, state)).size(), 3u);  // and is shown of the row in focus
    EXPECT_LT(curves.back().from.y, curves.back().to.y);
}

TEST(Flow, SelectionIsDrawnLastInItsColour) {
    const Trace trace = sentence();
    ViewState state;
    state.theme = "dark";
    state.selected = focus_of(trace, {"weights", {1, 1}});
    const auto curves = items_of<CurveItem>(figure_of("flow", trace, state));
    const Color lit = theme("dark").selection;
    const auto is_lit = [&](const CurveItem& c) { return c.color.r == lit.r && c.color.g == lit.g && c.color.b == lit.b; };
    EXPECT_TRUE(is_lit(curves.back()));
    EXPECT_FALSE(is_lit(curves.front()));
    const auto n = std::count_if(curves.begin(), curves.end(), is_lit);
    EXPECT_GE(n, 1);
    EXPECT_LE(n, 4);
}

TEST(Stages, FollowTheStepThenTheSelection) {
    const Trace trace = sentence();
    ViewState state;
    EXPECT_EQ(figure_of("stages", trace, state).title, "Step 3: z");
    state.selected = focus_of(trace, {"weights", {0, 2}});
    EXPECT_EQ(figure_of("stages", trace, state).title, "Step 1: x");
    state.step_axis = "output";
    state.step = 1;
    EXPECT_EQ(figure_of("stages", trace, state).title, "Step 2: y");
    state.step = 99;  // the output has become shorter
    EXPECT_EQ(figure_of("stages", trace, state).title, "Step 3: z");
}

TEST(Stages, HitsLeadToScoresWeightsAndContext) {
    const Trace trace = sentence();
    ViewState state;
    state.step_axis = "output";
    state.step = 1;
    const Figure figure = figure_of("stages", trace, state);
    std::map<std::string, int> found;
    for (const HitRegion& region : figure.regions) {
        const auto hit = figure.hit({region.box.x + region.box.w / 2, region.box.y + region.box.h * 0.6});
        ASSERT_TRUE(hit);
        EXPECT_EQ(hit->ref.index[0], 1);
        EXPECT_EQ(hit->editable, hit->ref.tensor == "weights");
        const bool rows = hit->ref.tensor == "weights" || hit->ref.tensor == "scores";
        EXPECT_TRUE(!rows || hit->ref.index[1] == 2);
        ++found[hit->ref.tensor];
    }
    EXPECT_EQ(found, (std::map<std::string, int>{{"scores", 1}, {"weights", 1}, {"context", 6}}));
}

TEST(Stages, WorkWithWeightsAlone) {
    const Trace trace = heads_trace(1, 1, 3);
    const Figure figure = figure_of("stages", trace);
    EXPECT_EQ(figure.regions.size(), 1u);
    const auto rects = items_of<RectItem>(figure_of("stages", trace, [] {
        ViewState state;
        state.step_axis = "token";
        state.step = 0;
        return state;
    }()));
    EXPECT_EQ(std::count_if(rects.begin(), rects.end(), [](const RectItem& r) { return r.hatched; }),
              2);  // two keys are masked
}

TEST(Bars, LengthsFollowTheValues) {
    const Trace trace = plain_trace(Tensor<float>::from(Shape{4}, {1, -0.5f, 0.25f, 0}), Role::state, {AxisKind::feature});
    const auto rects = items_of<RectItem>(figure_of("bars", trace));
    ASSERT_EQ(rects.size(), 4u);
    EXPECT_NEAR(rects[1].box.h, rects[0].box.h / 2, 1e-9);
    EXPECT_NEAR(rects[2].box.h, rects[0].box.h / 4, 1e-9);
    EXPECT_NEAR(rects[0].box.bottom(), rects[1].box.y, 1e-9);  // they meet at zero
    EXPECT_EQ(rects[0].fill, theme("light").accent);
    EXPECT_EQ(rects[1].fill, theme("light").negative);
}

TEST(Bars, DenseRowsKeepTheirExtremes) {
    Tensor<float> values(Shape{100000}, 0.1f);
    values.data()[77777] = -5;
    const Figure figure = figure_of("bars", plain_trace(values, Role::state, {AxisKind::feature}));
    EXPECT_LT(figure.items.size(), 2000u);
    const auto rects = items_of<RectItem>(figure);
    const auto lowest = std::max_element(rects.begin(), rects.end(),
                                         [](const RectItem& a, const RectItem& b) { return a.box.bottom() < b.box.bottom(); });
    EXPECT_EQ(lowest->fill, theme("light").negative);
    EXPECT_GT(lowest->box.h, 100);
}

TEST(Curves, UnitsThatDifferHaveTheirOwnPlot) {
    const Trace trace = curves_trace(20);
    const Figure figure = figure_of("curves", trace);
    EXPECT_EQ(figure.regions.size(), 2u);
    const auto lines = items_of<LineItem>(figure);
    EXPECT_EQ(std::count_if(lines.begin(), lines.end(), [](const LineItem& l) { return l.points.size() == 20; }), 2);
    ViewState state;
    state.tensor = "loss";
    EXPECT_EQ(figure_of("curves", trace, state).regions.size(), 1u);
}

TEST(Curves, MissingValuesBreakTheLine) {
    const auto values = Tensor<float>::from(Shape{6}, {1, 2, std::nanf(""), 3, 4, 5});
    const auto lines = items_of<LineItem>(figure_of("curves", plain_trace(values, Role::metric, {AxisKind::step})));
    std::vector<std::size_t> lengths;
    for (const LineItem& l : lines)
        if (l.color == theme("light").accent) lengths.push_back(l.points.size());
    EXPECT_EQ(lengths, (std::vector<std::size_t>{2, 3}));
}

TEST(ViewStateJson, RoundTrips) {
    const Trace trace = sentence();
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    state.selected = focus_of(trace, {"weights", {2, 1}});
    state.hovered = focus_of(trace, {"weights", {-1, 3}});
    state.step = 4;
    state.step_axis = "output";
    state.theme = "dark";
    state.colormap = "grey";
    state.scale = Normalization::Scale::log;
    state.width = 333.5;
    state.height = 222;
    state.text_scale = 1.25;
    state.decorations = false;
    const nlohmann::json json = to_json(state);
    const ViewState back = view_state_from_json(nlohmann::json::parse(json.dump()));
    EXPECT_EQ(to_json(back), json);
    EXPECT_EQ(back.selected.cell, state.selected.cell);
    EXPECT_EQ(back.hovered.marks, state.hovered.marks);
    EXPECT_EQ(to_json(view_state_from_json(nlohmann::json::object())), to_json(ViewState()));
}

TEST(Curves, RowsOfATensorAreSeriesOfOnePlot) {
    const std::vector<std::string> characters = {"S", "e", "p", " ", "3", "0"};
    const Trace trace = series_trace(characters);
    const Figure figure = figure_of("curves", trace);
    ASSERT_EQ(figure.regions.size(), 1u);
    EXPECT_EQ(figure.regions[0].cols, 6);
    EXPECT_EQ(figure.regions[0].col_axis, 1);
    EXPECT_EQ(figure.regions[0].ref.index, (std::vector<Index>{-1, -1}));
    // Names with their last values, each in the colour of its line.
    std::vector<Color> colors;
    for (const LineItem& line : items_of<LineItem>(figure))
        if (line.points.size() == characters.size()) colors.push_back(line.color);
    ASSERT_EQ(colors.size(), 3u);
    EXPECT_EQ(color_of_text(figure, "Elman 1"), colors[0]);
    EXPECT_EQ(color_of_text(figure, "GRU 1"), colors[1]);
    EXPECT_EQ(color_of_text(figure, "LSTM 1"), colors[2]);
    for (const char* label : {"S", "␣", "0"}) color_of_text(figure, label);
    // The values of the position in focus.
    ViewState state;
    state.selected = focus_of(trace, {"norm", {-1, 0}});
    color_of_text(figure_of("curves", trace, state), "Elman 1e-5");
}

TEST(Curves, LabelsThatDoNotFitGiveWayToPositions) {
    const Figure figure = figure_of("curves", series_trace(tokens("incomprehensibility", 40)));
    for (const TextItem& text : items_of<TextItem>(figure)) EXPECT_EQ(text.text.find("incomprehensibility"), std::string::npos);
    color_of_text(figure, "20");
}

TEST(Curves, LogScaleIsStraightWhereValuesFadeByAFactor) {
    ViewState state;
    state.scale = Normalization::Scale::log;
    const Figure figure = figure_of("curves", series_trace({"a", "b", "c", "d", "e", "f"}), state);
    for (const LineItem& line : items_of<LineItem>(figure)) {
        if (line.points.size() != 6) continue;
        const double step = line.points[1].y - line.points[0].y;
        EXPECT_LT(step, 0);
        for (std::size_t i = 2; i < 6; ++i) EXPECT_NEAR(line.points[i].y - line.points[i - 1].y, step, 0.01);
    }
    // What cannot be shown is left out: zeros, and what lies too far below.
    Tensor<float> values = Tensor<float>::from(Shape{5}, {0, 1, 0.1f, 0.01f, 1e-30f});
    const auto lines = items_of<LineItem>(figure_of("curves", plain_trace(values, Role::metric, {AxisKind::step}), state));
    EXPECT_TRUE(std::ranges::any_of(lines, [](const LineItem& line) { return line.points.size() == 3; }));
    EXPECT_FALSE(std::ranges::any_of(lines, [](const LineItem& line) { return line.points.size() > 3; }));
}

TEST(ViewStateJson, RefusesWhatItDoesNotKnow) {
    for (const char* bad : {"[]", "3", R"({"view": "pie"})", R"({"theme": "sepia"})", R"({"width": "wide"})",
                            R"({"scale": "cubic"})", R"({"colormap": "jet"})", R"({"selected": {"index": "x"}})"})
        EXPECT_EQ(error_of([&] { view_state_from_json(nlohmann::json::parse(bad)); }).code(), ErrorCode::bad_format) << bad;
}

}  // namespace
}  // namespace saccade::view_test
