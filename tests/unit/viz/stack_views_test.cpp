#include <algorithm>
#include <cmath>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::stack_views_test {
namespace {

using namespace test;

const std::vector<std::string> words{"<s>", "the", "train", "arrives", "<end>"};

ViewState state_for(const std::string& view, double width = 500, double height = 400) {
    ViewState state;
    state.view = view;
    state.width = width;
    state.height = height;
    return state;
}

TEST(HeadGrid, IsOneItemThatSharesTheTensor) {
    const Trace trace = stack_trace(3, 4, words);
    const Figure figure = view("head-grid").layout(trace, state_for("head-grid"), PlainMeasure());
    const auto grids = items_of<HeatmapGridItem>(figure);
    ASSERT_EQ(grids.size(), 1u);
    EXPECT_EQ(grids[0].values.data(), trace.tensor("encoder.weights").values.data());
    EXPECT_EQ(grids[0].map_rows, 3);
    EXPECT_EQ(grids[0].map_cols, 4);
}

TEST(HeadGrid, AClickNamesLayerAndHeadAndKeepsTheTokens) {
    const Trace trace = stack_trace(3, 4, words);
    const Figure figure = view("head-grid").layout(trace, state_for("head-grid"), PlainMeasure());
    const Box box = grid_place(items_of<HeatmapGridItem>(figure)[0], 2, 1);
    const auto hit = figure.hit({box.x + box.w / 2, box.y + box.h / 2});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref.index, (std::vector<Index>{2, 1, -1, -1}));
    const Focus before = focus_of(trace, {"encoder.weights", {0, 0, 3, 2}});
    const Focus after = focus_after(trace, before, hit->ref);
    EXPECT_EQ(after.cell.index, (std::vector<Index>{2, 1, 3, 2}));
    EXPECT_EQ(after.marks.at("source"), 3);
    // A row of the residual stream stays with the layer it names, and with the head it does not.
    const Focus row = focus_after(trace, after, {"encoder.state", {1, 4, -1}});
    EXPECT_EQ(row.marks.at("layer"), 1);
    EXPECT_EQ(row.marks.at("head"), 1);
    EXPECT_EQ(row.marks.at("source"), 4);
    EXPECT_EQ(row.marks.count("source.key"), 0u);
}

TEST(HeadGrid, SortedHeadsLeadToWhatTheyAre) {
    const Trace trace = stack_trace(1, 4, words);
    ViewState state = state_for("head-grid");
    state.options.order = ViewOptions::Order::entropy;
    const Figure figure = view("head-grid").layout(trace, state, PlainMeasure());
    const HeatmapGridItem grid = items_of<HeatmapGridItem>(figure)[0];
    ASSERT_EQ(grid.order.size(), 4u);
    EXPECT_EQ(grid.order.back(), 3);  // looks all around
    for (Index place = 0; place < 4; ++place) {
        const Box box = grid_place(grid, 0, place);
        EXPECT_EQ(figure.hit({box.x + 2, box.y + box.h - 2})->ref.index[1], grid.order[static_cast<std::size_t>(place)]);
    }
    EXPECT_TRUE(says(figure, "by entropy"));
}

TEST(HeadGrid, ReducesToTheLargestOrTheMeanOfABlockAndLeavesMaskedCellsOut) {
    HeatmapGridItem item;
    const float m = masked();
    item.values = Tensor<float>::from(Shape{2, 2, 4}, {1, 2, m, m, 3, 4, m, m, 5, m, 7, 8, m, m, 7, 6});
    item.map_cols = 2;
    const GridAtlas largest = grid_atlas(item, {2, 2});
    EXPECT_EQ(largest.values.shape(), (Shape{1, 4}));
    EXPECT_FLOAT_EQ(largest.values.data()[0], 4);
    EXPECT_FALSE(std::isfinite(largest.values.data()[1]));
    EXPECT_FLOAT_EQ(largest.values.data()[2], 5);
    EXPECT_FLOAT_EQ(largest.values.data()[3], 8);
    item.largest = false;
    const GridAtlas mean = grid_atlas(item, {2, 2});
    EXPECT_FLOAT_EQ(mean.values.data()[0], 2.5f);
    EXPECT_FLOAT_EQ(mean.values.data()[3], 7);
}

TEST(HeadGrid, LeavesTheSinkOutAndRenormalises) {
    HeatmapGridItem item;
    item.values = Tensor<float>::from(Shape{1, 2, 3}, {0.5f, 0.25f, 0.25f, 0.8f, 0.2f, 0});
    item.sink = HeatmapGridItem::Sink::most;
    const GridAtlas atlas = grid_atlas(item, {});
    EXPECT_FALSE(std::isfinite(atlas.values.at({0, 0})));
    EXPECT_FLOAT_EQ(atlas.values.at({0, 1}), 0.5f);
    EXPECT_FLOAT_EQ(atlas.values.at({1, 1}), 1);
    item.kept_cols = {0, 2};
    EXPECT_FLOAT_EQ(grid_atlas(item, {}).values.at({0, 1}), 0.5f);
}

TEST(HeadGrid, BlocksFitThePictureAndTheTexture) {
    HeatmapGridItem item;
    item.values = Tensor<float>(Shape{144, 512, 512});
    item.map_rows = item.map_cols = 12;
    EXPECT_EQ(grid_block(item, 40, 40, 4096).rows, 16);
    EXPECT_EQ(grid_block(item, 600, 600, 16384).rows, 1);
    EXPECT_EQ(grid_block(item, 600, 600, 4096).rows, 2);
}

TEST(HeadGrid, AnAblatedHeadIsCrossed) {
    Trace trace;
    const AxisPtr head = trace.add_axis({"head", AxisKind::head, 2, {}, ""});
    const AxisPtr query = trace.add_axis({"q", AxisKind::query, 2, {}, ""}),
                  key = trace.add_axis({"k", AxisKind::key, 2, {}, ""});
    trace.add({"w", Role::weights, "", "", "", {head, query, key}},
              Tensor<float>::from(Shape{2, 2, 2}, {0, 0, 0, 0, 0.5f, 0.5f, 1, 0}));
    const Figure figure = view("head-grid").layout(trace, state_for("head-grid"), PlainMeasure());
    const auto lines = items_of<LineItem>(figure);
    ASSERT_EQ(lines.size(), 1u);
    const Box first = grid_place(items_of<HeatmapGridItem>(figure)[0], 0, 0);
    EXPECT_TRUE(first.contains(lines[0].points[0]));
}

TEST(Neuron, AddsUpToTheScore) {
    const Trace trace = stack_trace(2, 4, words);
    ViewState state = state_for("neuron");
    state.selected.marks = {{"layer", 1}, {"head", 0}, {"source", 3}, {"source.key", 2}};
    const auto shown = view("neuron").shown(trace, state);
    double sum = 0;
    for (const float v : shown.at(0).values.values()) sum += static_cast<double>(v);
    EXPECT_NEAR(sum / std::sqrt(8.0), static_cast<double>(trace.tensor("encoder.scores").values.at({1, 0, 3, 2})), 1e-5);
    const Figure figure = view("neuron").layout(trace, state, PlainMeasure());
    EXPECT_TRUE(says(figure, "/ √8 ="));
    EXPECT_TRUE(says(figure, "query q₄ “arrives”"));
    EXPECT_TRUE(says(figure, "key k₃ “train”"));
    EXPECT_FALSE(says(figure, "(term)"));
}

TEST(Neuron, SaysWhatElseIsInTheScore) {
    Trace trace = stack_trace(1, 1, words), with_term;
    for (const AxisPtr& axis : trace.axes()) with_term.add_axis(*axis);
    for (const TraceTensor& tensor : trace.tensors()) {
        TensorInfo info = tensor.info;
        for (AxisPtr& axis : info.axes) axis = with_term.axis(axis->name);
        Tensor<float> values = tensor.values.clone();
        if (info.role == Role::scores)
            for (float& v : values.values()) v -= 0.5f;
        with_term.add(info, values);
    }
    EXPECT_TRUE(says(view("neuron").layout(with_term, state_for("neuron"), PlainMeasure()), "− 0.50 (term) ="));
}

/// T5's scores: nothing scales the product, and a term is added.
TEST(Neuron, TellsWhatNothingScalesFromWhatIsAdded) {
    Trace trace = stack_trace(1, 1, words), unscaled;
    for (const AxisPtr& axis : trace.axes()) unscaled.add_axis(*axis);
    for (const TraceTensor& tensor : trace.tensors()) {
        TensorInfo info = tensor.info;
        for (AxisPtr& axis : info.axes) axis = unscaled.axis(axis->name);
        Tensor<float> values = tensor.values.clone();
        if (info.role == Role::scores) {
            TensorInfo term = info;
            term.name = "encoder.term";
            unscaled.add(term, Tensor<float>(values.shape(), -0.5f));
            for (float& v : values.values()) v = v * std::sqrt(8.0f) - 0.5f;
        }
        unscaled.add(info, values);
    }
    const Figure figure = view("neuron").layout(unscaled, state_for("neuron"), PlainMeasure());
    EXPECT_TRUE(says(figure, "− 0.50 (term) ="));
    EXPECT_FALSE(says(figure, "/ √8"));
}

TEST(Neuron, NeedsQueriesAndKeysThatMakeTheScores) {
    const Trace without = attention_trace({"a", "b"}, {"x"});
    EXPECT_FALSE(view("neuron").accepts(without, without.tensor("weights")));
    EXPECT_FALSE(view("neuron").accepts(without, without.tensor("context")));
    const Trace with = stack_trace(1, 2, words);
    EXPECT_TRUE(view("neuron").accepts(with, with.tensor("encoder.weights")));
}

TEST(Norms, AreLengthsOfTheStreamFromItsInputOn) {
    const Trace trace = stack_trace(2, 2, words);
    const auto shown = view("norms").shown(trace, state_for("norms"));
    ASSERT_EQ(shown.at(0).values.shape(), (Shape{3, 5}));
    double sum = 0;
    const Tensor<float>& states = trace.tensor("encoder.state").values;
    for (Index k = 0; k < states.shape()[2]; ++k) sum += std::pow(static_cast<double>(states.at({1, 4, k})), 2);
    EXPECT_NEAR(static_cast<double>(shown[0].values.at({2, 4})), std::sqrt(sum), 1e-4);
    const Figure figure = view("norms").layout(trace, state_for("norms"), PlainMeasure());
    const Box box = items_of<HeatmapItem>(figure).at(0).box;
    EXPECT_EQ(figure.hit({box.x + box.w * 0.5, box.y + box.h * 0.9})->ref, (CellRef{"encoder.state", {1, 2, -1}}));
    EXPECT_EQ(figure.hit({box.x + box.w * 0.5, box.y + box.h * 0.1})->ref, (CellRef{"encoder.input", {2, -1}}));
}

/// By what a rule reads one layer back, whatever it is called; a step within a layer is none, though it has the same axes.
TEST(Norms, FindTheStreamByHowItIsReadNotByItsName) {
    Trace trace;
    const AxisPtr layer = trace.add_axis({"layer", AxisKind::layer, 2, {}, "l"});
    const AxisPtr token = trace.add_axis({"token", AxisKind::query, 3, {"a", "b", "c"}, "i"});
    const AxisPtr feature = trace.add_axis({"feature", AxisKind::feature, 4, {}, "k"});
    const auto filled = [](Shape shape, float value) {
        Tensor<float> t(shape);
        for (float& v : t.values()) v = value;
        return t;
    };
    trace.add({"normed", Role::state, "n", "Normed", "", {layer, token, feature}}, filled(Shape{2, 3, 4}, 9));
    trace.add({"raw", Role::embedding, "w", "Words", "", {token, feature}}, filled(Shape{3, 4}, 1));
    trace.add({"placed", Role::embedding, "x", "With positions", "", {token, feature}}, filled(Shape{3, 4}, 2));
    trace.add({"river", Role::state, "h", "What flows", "", {layer, token, feature}}, filled(Shape{2, 3, 4}, 3));
    const auto add = [&](const char* result, const char* rule) { trace.add_step({"step", result, "", rule, "", true}); };
    add("placed", "placed[i,k] = raw[i,k] + 1");
    add("normed", "normed[l,i,k] = (river[l-1,i,k] else placed[i,k]) * 3");
    add("river", "river[l,i,k] = (river[l-1,i,k] else placed[i,k]) + 1");
    const auto shown = view("norms").shown(trace, state_for("norms"));
    ASSERT_EQ(shown.at(0).values.shape(), (Shape{4, 3}));
    EXPECT_EQ(shown[0].axes[0]->labels, (std::vector<std::string>{"raw", "placed", "layer 1", "layer 2"}));
    const float lengths[] = {2, 4, 6, 6};  // of four equal coordinates: twice each
    for (Index row = 0; row < 4; ++row) EXPECT_FLOAT_EQ((shown[0].values.at({row, 1})), lengths[row]);
    ViewState within = state_for("norms");
    within.tensor = "normed";
    EXPECT_EQ(view("norms").shown(trace, within).at(0).values.shape(), (Shape{2, 3}));
}

TEST(Flow, AThresholdSaysHowManyLinesItHides) {
    const Trace trace = stack_trace(1, 4, words);
    ViewState state = state_for("flow", 600, 300);
    state.options.threshold = 0.5;
    const Figure figure = view("flow").layout(trace, state, PlainMeasure());
    const auto curves = items_of<CurveItem>(figure);
    EXPECT_TRUE(says(figure, std::to_string(25 - curves.size()) + " of 25 lines are below 0.5"));
    for (const CurveItem& curve : curves) EXPECT_GE(curve.width, 3);
}

TEST(Flow, ChosenHeadsLieOverEachOtherInTheirColours) {
    const Trace trace = stack_trace(1, 4, words);
    ViewState state = state_for("flow", 600, 300);
    state.options.chosen = {0, 2};
    const Figure figure = view("flow").layout(trace, state, PlainMeasure());
    std::vector<int> reds;
    for (const CurveItem& curve : items_of<CurveItem>(figure)) reds.push_back(curve.color.r);
    std::sort(reds.begin(), reds.end());
    EXPECT_GE(std::unique(reds.begin(), reds.end()) - reds.begin(), 2);
    EXPECT_EQ(figure.subtitle.substr(0, 22), "layer 1, heads 1, 3 ·");
}

TEST(Flow, SaysWhatIsTooMuchToDraw) {
    const Trace trace = stack_trace(1, 4, tokens("w", 60));
    ViewState state = state_for("flow", 600, 300);
    state.selected.marks = {{"head", 3}};
    EXPECT_TRUE(says(view("flow").layout(trace, state, PlainMeasure()), "more are not drawn"));
}

}  // namespace
}  // namespace saccade::stack_views_test
