#include "viz/attention_plane.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "sample_trace.hpp"
#include "trace/explain.hpp"
#include "viz/derived.hpp"
#include "viz_testing.hpp"

namespace saccade::attention_plane_test {
namespace {

using namespace test;
using Heads = ViewOptions::Heads;
using Layers = ViewOptions::Layers;

const std::vector<std::string> words{"<s>", "the", "train", "arrives", "<end>"};

ViewState state_with(Heads heads, Layers layers) {
    ViewState state;
    state.tensor = "encoder.weights";
    state.options.heads = heads;
    state.options.layers = layers;
    return state;
}

TEST(AttentionPlane, WithoutOptionsSharesTheTensorsStorage) {
    const Trace trace = stack_trace(2, 4, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.selected.marks = {{"layer", 1}, {"head", 3}};
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_EQ(plane.slice.values.data(), trace.tensor("encoder.weights").values.row(1).row(3).data());
    EXPECT_EQ(plane.slice.where, "layer 2, head 4");
    EXPECT_EQ(plane.caption(), "");
    EXPECT_FALSE(plane.slice.derived);
}

TEST(AttentionPlane, SaysWhatWasCombinedAndChecksItsRows) {
    const Trace trace = stack_trace(2, 4, words);
    const TraceTensor& weights = trace.tensor("encoder.weights");
    AttentionPlane plane = attention_plane(trace, weights, state_with(Heads::mean, Layers::rollout));
    EXPECT_TRUE(plane.caption().starts_with("mean over heads · rollout through layers · rows sum to 1")) << plane.caption();
    EXPECT_TRUE(plane.slice.derived);
    EXPECT_EQ(plane.slice.where, "");
    ViewState state = state_with(Heads::max, Layers::one);
    state.options.chosen = {0, 2};
    state.selected.marks = {{"layer", 1}};
    plane = attention_plane(trace, weights, state);
    EXPECT_TRUE(plane.caption().starts_with("max over heads 1, 3 of layer 2 · rows sum to ")) << plane.caption();
    EXPECT_FLOAT_EQ(plane.slice.values.at({1, 0}), std::max(weights.values.at({1, 0, 1, 0}), weights.values.at({1, 2, 1, 0})));
    EXPECT_EQ(cell_of(plane.slice, 1, 0), (CellRef{"encoder.weights.max_of_0_2", {1, 1, 0}}));
    EXPECT_EQ(plane.layer, 1);
    EXPECT_EQ(plane.head, std::nullopt);
}

TEST(AttentionPlane, RowsWithoutAnyWeightDoNotSumToOne) {
    EXPECT_EQ(row_sums_text(row_sums(Tensor<float>({2, 3}))), "every row is 0");
    EXPECT_EQ(row_sums_text(row_sums(Tensor<float>::from({2, 2}, {0.5f, 0.5f, 0, 0}))), "rows sum to 1 exactly, 1 of 2 are 0");
    EXPECT_EQ(row_sums_text(row_sums(Tensor<float>::from({2, 2}, {0.5f, 0.5f, 1, 0}))), "rows sum to 1 exactly");
}

TEST(AttentionPlane, AHeadThatIsNotThereIsSaid) {
    const Trace trace = stack_trace(2, 4, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.options.chosen = {6};
    EXPECT_EQ(attention_plane(trace, trace.tensor("encoder.weights"), state).caption(), "no head 7: there are 4");
}

TEST(AttentionPlane, AJoinedCellStandsAtNoLayerAndNoHead) {
    const Trace trace = stack_trace(3, 4, words);
    const CellRef rolled{"encoder.weights.rollout", {2, 1, 0}};
    EXPECT_EQ(focus_of(trace, rolled, nullptr).marks.count("layer"), 1u);         // which of the rollouts is explained
    EXPECT_EQ(focus_after(trace, {}, rolled, nullptr).marks.count("layer"), 0u);  // but no view is sent there
    Focus before;
    before.marks = {{"layer", 0}, {"head", 3}};
    const Focus after = focus_after(trace, before, rolled, nullptr);
    EXPECT_EQ(after.marks.at("layer"), 0);
    EXPECT_EQ(after.marks.at("head"), 3);
    EXPECT_EQ(source_cell(trace, rolled, nullptr), (CellRef{"encoder.weights", {-1, -1, 1, 0}}));
    EXPECT_EQ(source_cell(trace, {"encoder.weights", {0, 1, 2, 3}}, nullptr), (CellRef{"encoder.weights", {0, 1, 2, 3}}));
}

/// Every combination of heads and layers, with and without a key: what the plane shows is what the trace with the derived
/// tensor holds, and its rule gives it.
TEST(AttentionPlane, CellsOfWhatWasDerivedExplainThemselves) {
    const Trace trace = stack_trace(3, 4, words);
    const TraceTensor& weights = trace.tensor("encoder.weights");
    for (const Heads heads : {Heads::each, Heads::mean, Heads::max})
        for (const Layers layers : {Layers::one, Layers::mean, Layers::max, Layers::rollout, Layers::flow})
            for (const bool some : {false, true})
                for (const auto sink : {ViewOptions::Sink::keep, ViewOptions::Sink::most}) {
                    ViewState state = state_with(heads, layers);
                    if (some) state.options.chosen = {0, 3};
                    state.options.sink = sink;
                    state.selected.marks = {{"layer", 1}, {"head", 3}};
                    const AttentionPlane plane = attention_plane(trace, weights, state);
                    const CellRef cell = cell_of(plane.slice, 2, 1);
                    const auto held = trace_with(trace, cell.tensor, nullptr);
                    const Explanation e = explain(*held, cell);
                    EXPECT_EQ(static_cast<float>(e.recorded), plane.slice.values.at({2, 1})) << cell.tensor;
                    if (cell.tensor == "encoder.weights" || cell.tensor.ends_with(".flow")) continue;
                    if (cell.tensor.find(".flow_of") != std::string::npos) continue;
                    ASSERT_TRUE(e.has_rule) << cell.tensor;
                    EXPECT_NEAR(e.recomputed, e.recorded, 1e-5) << cell.tensor;
                }
}

TEST(AttentionPlane, AClickOnWhatWasDerivedStaysAtLayerAndHead) {
    const Trace trace = stack_trace(3, 4, words);
    const Focus before = focus_of(trace, {"encoder.weights", {1, 3, 0, 0}});
    const Focus after = focus_after(trace, before, {"encoder.weights.rollout", {2, 4, 1}});
    EXPECT_EQ(after.marks, (std::map<std::string, Index>{{"layer", 1}, {"head", 3}, {"source", 4}, {"source.key", 1}}));
    EXPECT_EQ(after.cell.tensor, "encoder.weights.rollout");
    EXPECT_EQ(error_of([&] { focus_of(trace, {"encoder.weights.hat", {0, 0}}); }).code(), ErrorCode::not_found);
}

TEST(AttentionPlane, WhatCannotBeHadIsOneLine) {
    const Trace trace = stack_trace(2, 4, words);
    const auto of = [&](Heads heads, Layers layers) {
        return error_of([&] { attention_plane(trace, trace.tensor("encoder.weights"), state_with(heads, layers)); });
    };
    EXPECT_EQ(of(Heads::gradient, Layers::one).code(), ErrorCode::invalid_input);
    EXPECT_EQ(error_of([&] {
                  attention_plane(trace, trace.tensor("encoder.scores"), state_with(Heads::mean, Layers::rollout));
              }).code(),
              ErrorCode::invalid_input);
    Trace cross;
    const AxisPtr layer = cross.add_axis({"layer", AxisKind::layer, 2, {}, ""});
    const AxisPtr query = cross.add_axis({"output", AxisKind::query, 2, {"a", "b"}, ""});
    const AxisPtr key = cross.add_axis({"source", AxisKind::key, 2, {"x", "y"}, ""});
    cross.add({"w", Role::weights, "", "", "", {layer, query, key}}, Tensor<float>(Shape{2, 2, 2}, 0.5f));
    EXPECT_EQ(error_of([&] { attention_plane(cross, cross.tensor("w"), state_with(Heads::each, Layers::flow)); }).code(),
              ErrorCode::invalid_input);
}

TEST(AttentionPlane, HiddenTokensLeaveTheMatrixAndTheFocusMovesWithIt) {
    const Trace trace = stack_trace(1, 1, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.options.special = ViewOptions::Special::hide;
    state.selected.marks = {{"source", 2}, {"source.key", 0}};
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_EQ(plane.slice.values.shape(), (Shape{3, 3}));
    EXPECT_EQ(plane.slice.row()->labels, (std::vector<std::string>{"the", "train", "arrives"}));
    EXPECT_EQ(plane.state.selected.on(plane.slice.row()), 1);
    EXPECT_EQ(plane.state.selected.on(plane.slice.col()), std::nullopt);  // hidden
    EXPECT_EQ(plane.caption(), "special tokens hidden");
    EXPECT_FLOAT_EQ(plane.slice.values.at({0, 2}), trace.tensor("encoder.weights").values.at({0, 0, 1, 3}));
}

TEST(AttentionPlane, TheSinkIsNamed) {
    const Trace trace = stack_trace(1, 3, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.selected.marks = {{"head", 2}};  // looks at the first
    state.options.sink = ViewOptions::Sink::most;
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_TRUE(plane.caption().starts_with("without “<s>” at 1, rows renormalised · rows sum to 1")) << plane.caption();
    EXPECT_LT(row_sums(plane.slice.values).error(), 1e-6);
}

TEST(Remembered, FindsWhatWasMadeOfTheSameStorage) {
    Reuse memo;
    const Tensor<float> a(Shape{2}), b(Shape{2});
    int made = 0;
    const auto get = [&](const Tensor<float>& source, const std::string& key) {
        return *remembered<int>(&memo, source, key, [&] { return ++made; });
    };
    EXPECT_EQ(get(a, "x"), 1);
    EXPECT_EQ(get(a, "x"), 1);
    EXPECT_EQ(get(a, "y"), 2);
    EXPECT_EQ(get(b, "x"), 3);
    for (int i = 0; i < 100; ++i) get(b, std::to_string(i));
    EXPECT_EQ(get(a, "x"), 104);  // long unused: forgotten
}

/// The heads of a large model are more than there is room for; what is said of them is little.
TEST(Remembered, NeedsRoomForResultsAlone) {
    Reuse memo(std::size_t{1} << 20);
    int made = 0;
    const auto largest = [&](const Tensor<float>& of) {
        return *remembered<float>(&memo, of, "largest", [&] { return static_cast<float>(++made); });
    };
    {
        const Tensor<float> large(Shape{1024, 1024});
        EXPECT_EQ(largest(large), 1);
        EXPECT_EQ(largest(large), 1);
        EXPECT_EQ(largest(large.reshape(Shape{1024 * 1024})), 2) << "of another shape";
        EXPECT_GT(memo.bytes(), 0u);
        const Tensor<float> half(Shape{512, 512}),
            copy = *remembered<Tensor<float>>(&memo, half, "copy", [&] { return half.clone(); });
        EXPECT_GE(memo.bytes(), std::size_t{512} * 512 * 4);
    }
    // What it was made of is gone, and its address may be another's.
    const Tensor<float> next(Shape{2});
    EXPECT_EQ(largest(next), 3);
    EXPECT_LT(memo.bytes(), std::size_t{1} << 15) << "results die with what they were made of";
}

TEST(ViewOptions, SurviveJsonAndOldFilesHaveTheDefaults) {
    ViewState state = state_with(Heads::mean, Layers::flow);
    state.options.chosen = {0, 4};
    state.options.sink = ViewOptions::Sink::first;
    state.options.special = ViewOptions::Special::dim;
    state.options.order = ViewOptions::Order::similarity;
    state.options.threshold = 0.25;
    nlohmann::json json = to_json(state);
    json["options"]["of a newer version"] = 1;
    EXPECT_EQ(view_state_from_json(json).options, state.options);
    json.erase("options");
    EXPECT_EQ(view_state_from_json(json).options, ViewOptions());
    json["options"] = {{"combine", "sum"}};
    EXPECT_EQ(error_of([&] { view_state_from_json(json); }).code(), ErrorCode::bad_format);
}

TEST(ViewOptions, HeadsAreNumberedAsOnScreen) {
    EXPECT_EQ(heads_from("1,3-5"), (std::vector<Index>{0, 2, 3, 4}));
    EXPECT_EQ(heads_from("all"), std::vector<Index>());
    EXPECT_EQ(heads_text({0, 2}), "1, 3");
    for (const char* bad : {"0", "a", "1,", "3-1", "1-99999", "-1", "1;2"})
        EXPECT_EQ(error_of([bad] { heads_from(bad); }).code(), ErrorCode::usage) << bad;
}

}  // namespace
}  // namespace saccade::attention_plane_test
