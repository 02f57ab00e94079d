#include "viz/difference.hpp"

#include "viz/attention_plane.hpp"

#include <cmath>

#include "sample_trace.hpp"
#include "viz/csv.hpp"
#include "viz_testing.hpp"

namespace saccade::difference_test {
namespace {

using namespace test;

TEST(Difference, IsBMinusACellByCell) {
    const Trace a = attention_trace({"a", "b", "c"}, {"x", "y"}), b = heads_trace(1, 1, 2);
    Trace c = attention_trace({"a", "b", "c"}, {"x", "y"});
    const Trace same = difference_of(a, c);
    for (const float v : same.tensor("weights").values.values()) EXPECT_EQ(v, 0);
    EXPECT_TRUE(same.notes().empty());
    EXPECT_EQ(same.axis("output")->labels, (std::vector<std::string>{"x", "y"}));
    // Nothing in common: nothing to show, and no error.
    EXPECT_TRUE(difference_of(a, b).tensors().empty());
}

TEST(Difference, WithOtherLengthsAlignsByPositionAndLeavesOutWhatOnlyOneHas) {
    const Trace a = attention_trace({"a", "b", "c"}, {"x", "y"}), b = attention_trace({"a", "q"}, {"x", "y", "z"});
    const Trace difference = difference_of(a, b);
    const TraceTensor& weights = difference.tensor("weights");
    EXPECT_EQ(weights.values.shape(), (Shape{3, 3}));
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 3; ++j) {
            const float v = weights.values.at({i, j});
            if (i < 2 && j < 2)
                EXPECT_FLOAT_EQ(v, b.tensor("weights").values.at({i, j}) - a.tensor("weights").values.at({i, j}));
            else
                EXPECT_TRUE(std::isnan(v));
        }
    EXPECT_EQ(difference.axis("source")->labels, (std::vector<std::string>{"a", "b | q", "c"}));
    EXPECT_EQ(difference.axis("output")->labels, (std::vector<std::string>{"x", "y", "z"}));
    ASSERT_EQ(difference.notes().size(), 2u);
    EXPECT_NE(difference.notes()[0].text.find("A has 3"), std::string::npos);
    EXPECT_NE(weights.info.title.find("hatched"), std::string::npos);
}

TEST(Difference, SaysWhereTokensAreOthers) {
    const Trace a = attention_trace({"a", "b"}, {"x"}), b = attention_trace({"a", "q"}, {"x"});
    const Trace difference = difference_of(a, b);
    ASSERT_EQ(difference.notes().size(), 1u);
    EXPECT_NE(difference.notes()[0].text.find("1 of 2"), std::string::npos) << difference.notes()[0].text;
}

TEST(Difference, HeadsAreJoinedInEachRunAndThenSubtracted) {
    // The largest of the heads: 0.9 and 0.8, so B - A is -0.1; the largest of the differences would be 0.6.
    Trace runs[2];
    const std::vector<float> heads[2] = {{0.9f, 0.1f, 0.2f, 0.8f}, {0.2f, 0.8f, 0.8f, 0.2f}};
    for (int r = 0; r < 2; ++r) {
        const AxisPtr head = runs[r].add_axis({"head", AxisKind::head, 2, {}, "h"});
        const AxisPtr query = runs[r].add_axis({"output", AxisKind::query, 1, {"a"}, "i"});
        const AxisPtr key = runs[r].add_axis({"source", AxisKind::key, 2, {"x", "y"}, "j"});
        runs[r].add({"weights", Role::weights, "α", "", "", {head, query, key}}, Tensor<float>::from(Shape{2, 1, 2}, heads[r]));
    }
    const Trace difference = difference_of(runs[0], runs[1]);
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    state.options.heads = ViewOptions::Heads::max;
    const auto plane = attention_plane(difference, difference.tensor("weights"), difference_state(state, {&runs[0], &runs[1]}));
    EXPECT_FLOAT_EQ(plane.slice.values.at({0, 0}), 0.8f - 0.9f);
    EXPECT_FLOAT_EQ(plane.slice.values.at({0, 1}), 0.8f - 0.8f);
}

TEST(Difference, RolloutOfADifferenceIsTheDifferenceOfRollouts) {
    Trace runs[2];
    for (int r = 0; r < 2; ++r) {
        const AxisPtr layer = runs[r].add_axis({"layer", AxisKind::layer, 2, {}, "l"});
        const AxisPtr query = runs[r].add_axis({"token", AxisKind::query, 2, {"a", "b"}, "i"});
        const AxisPtr key = runs[r].add_axis({"token.key", AxisKind::key, 2, {"a", "b"}, "j"});
        const float w = r == 0 ? 0.25f : 0.75f;
        runs[r].add({"weights", Role::weights, "α", "", "", {layer, query, key}},
                    Tensor<float>::from(Shape{2, 2, 2}, {w, 1 - w, 1 - w, w, w, 1 - w, 1 - w, w}));
    }
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    state.options.layers = ViewOptions::Layers::rollout;
    const Trace difference = difference_of(runs[0], runs[1]);
    const auto plane = attention_plane(difference, difference.tensor("weights"), difference_state(state, {&runs[0], &runs[1]}));
    const auto a = attention_plane(runs[0], runs[0].tensor("weights"), state).slice.values;
    const auto b = attention_plane(runs[1], runs[1].tensor("weights"), state).slice.values;
    for (Index i = 0; i < 4; ++i) EXPECT_FLOAT_EQ(plane.slice.values.data()[i], b.data()[i] - a.data()[i]);
}

TEST(Difference, MaskedInOneIsMasked) {
    Trace a, b;
    for (Trace* trace : {&a, &b}) {
        const AxisPtr x = trace->add_axis({"x", AxisKind::key, 3, {}, "j"});
        trace->add({"scores", Role::scores, "e", "", "", {x}},
                   Tensor<float>::from(Shape{3}, {1, trace == &a ? masked() : 2, masked()}));
    }
    const Tensor<float> values = difference_of(a, b).tensor("scores").values;
    EXPECT_EQ(values.at({0}), 0);
    EXPECT_TRUE(std::isnan(values.at({1})));
    EXPECT_TRUE(std::isnan(values.at({2})));
}

/// A key that a mask hides in one run alone has a weight of 0 there: the difference counts it, and says so.
TEST(Difference, MaskedInOneRunAloneIsHatchedAndSaid) {
    Trace runs[2];
    for (int r = 0; r < 2; ++r) {
        const AxisPtr query = runs[r].add_axis({"output", AxisKind::query, 1, {}, "i"});
        const AxisPtr key = runs[r].add_axis({"source", AxisKind::key, 3, {}, "j"});
        runs[r].add({"mask", Role::mask, "m", "", "", {query, key}},
                    Tensor<float>::from(Shape{1, 3}, {0, r == 0 ? masked() : 0, masked()}));
        runs[r].add({"weights", Role::weights, "α", "", "", {query, key}},
                    Tensor<float>::from(Shape{1, 3}, {r == 0 ? 1 : 0.5f, r == 0 ? 0 : 0.5f, 0}));
    }
    const Trace difference = difference_of(runs[0], runs[1]);
    const TraceTensor& weights = difference.tensor("weights");
    EXPECT_TRUE(std::isnan(weights.values.at({0, 1})));
    EXPECT_TRUE(std::isnan(weights.values.at({0, 2})));
    EXPECT_NE(weights.info.title.find("masked in A, or in both"), std::string::npos) << weights.info.title;
    // No number stands in a table where a run masks, as in its own.
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    const std::string csv = csv_of(view("heatmap").shown(difference, difference_state(state)));
    EXPECT_NE(csv.find(",-0.5,,\r\n"), std::string::npos) << csv;
}

TEST(Difference, IsDrawnWithADivergingMapSymmetricAboutZeroAndHatchesTheRest) {
    const PlainMeasure measure;
    const Trace a = attention_trace({"a", "b", "c"}, {"x", "y"}), b = attention_trace({"a", "b", "c"}, {"x", "y", "z"});
    ViewState state;
    state.view = "heatmap";
    state.tensor = "weights";
    const Trace difference = difference_of(a, b);
    const Figure figure = view("heatmap").layout(difference, difference_state(state), measure);
    for (const FigureItem& item : figure.items)
        if (const auto* heatmap = std::get_if<HeatmapItem>(&item)) {
            EXPECT_TRUE(heatmap->map->diverging);
            EXPECT_EQ(heatmap->normalization.low, -heatmap->normalization.high);
            EXPECT_DOUBLE_EQ(heatmap->normalization(0), 0.5);
            EXPECT_TRUE(std::isnan(heatmap->normalization(heatmap->values.at({2, 0}))));
        }
    EXPECT_FALSE(figure.hit({0, 0}) && figure.hit({0, 0})->editable);
    for (const HitRegion& region : figure.regions) EXPECT_FALSE(region.editable);
}

}  // namespace
}  // namespace saccade::difference_test
