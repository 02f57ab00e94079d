#include "viz/attention_combine.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "sample_trace.hpp"
#include "viz/attention_flow.hpp"
#include "viz/head_order.hpp"
#include "viz_testing.hpp"

namespace saccade {
namespace {

using namespace test;
using Heads = ViewOptions::Heads;
using Layers = ViewOptions::Layers;

const std::vector<std::string> words{"<s>", "the", "train", "arrives", "<end>"};

void expect_values(const Tensor<float>& actual, std::initializer_list<double> wanted) {
    ASSERT_EQ(actual.size(), static_cast<Index>(wanted.size()));
    Index i = 0;
    for (const double v : wanted) EXPECT_NEAR(static_cast<double>(actual.data()[i++]), v, 1e-6) << "value " << i - 1;
}

ViewState state_with(Heads heads, Layers layers) {
    ViewState state;
    state.tensor = "encoder.weights";
    state.options.heads = heads;
    state.options.layers = layers;
    return state;
}

TEST(AttentionCombine, MeanAndMaxLeaveMaskedCellsOut) {
    const float m = masked();
    const auto maps = Tensor<float>::from(Shape{2, 2, 2}, {1, m, 0.25f, 0.75f, 0.5f, m, 0.75f, m});
    const Tensor<float> mean = mean_of(maps), most = max_of(maps);
    EXPECT_FLOAT_EQ(mean.at({0, 0}), 0.75f);
    EXPECT_FALSE(std::isfinite(mean.at({0, 1})));
    EXPECT_FLOAT_EQ(mean.at({1, 0}), 0.5f);
    EXPECT_FLOAT_EQ(mean.at({1, 1}), 0.75f);
    EXPECT_FLOAT_EQ(most.at({0, 0}), 1);
    EXPECT_FALSE(std::isfinite(most.at({0, 1})));
    EXPECT_FLOAT_EQ(most.at({1, 0}), 0.75f);
}

// By hand: A1' = [[1, 0], [.25, .75]], A2' = [[1, 0], [.4, .6]]; their product [[1, 0], [.4 + .15, .45]].
TEST(AttentionCombine, RolloutIsTheProductOfTheLayersWithResidual) {
    const auto layers = Tensor<float>::from(Shape{2, 2, 2}, {1, 0, 0.5f, 0.5f, 1, 0, 0.8f, 0.2f});
    expect_values(attention_rollout(layers), {1, 0, 0.55, 0.45});
    EXPECT_LT(row_sums(attention_rollout(layers)).error(), 1e-6);
}

TEST(AttentionCombine, ARowThatMayLookNowherePassesItsOwnTokenOn) {
    const float m = masked();
    expect_values(attention_rollout(Tensor<float>::from(Shape{1, 2, 2}, {m, m, 0.5f, 0.5f})), {1, 0, 0.25, 0.75});
}

// By hand: R1 = I + A1, R2 = R1 + A2 R1.
TEST(AttentionCombine, RelevanceAddsWhatEachLayerReads) {
    const auto layers = Tensor<float>::from(Shape{2, 2, 2}, {0, 0.5f, 0, 0, 0, 0, 1, 0});
    expect_values(relevance_rollout(layers), {1, 0.5, 1, 1.5});
}

TEST(AttentionCombine, GradientTimesAttentionKeepsThePositivePart) {
    const auto weights = Tensor<float>::from(Shape{2, 1, 2}, {0.5f, 0.5f, 0.2f, 0.8f});
    const auto gradients = Tensor<float>::from(Shape{2, 1, 2}, {2, -1, 1, 0.5f});
    expect_values(gradient_attention(weights, gradients), {0.6, 0.2});
}

TEST(AttentionCombine, TheSinkIsTheMostAttendedKeyAndRowsAreRenormalisedWithoutIt) {
    const auto matrix = Tensor<float>::from(Shape{3, 3}, {1, 0, 0, 0.5f, 0.25f, 0.25f, 0.8f, 0.05f, 0.15f});
    EXPECT_EQ(most_attended(matrix), 0);
    const Tensor<float> without = without_key(matrix, 0);
    for (Index r = 0; r < 3; ++r) EXPECT_FALSE(std::isfinite(without.at({r, 0})));
    EXPECT_FLOAT_EQ(without.at({0, 1}), 0);  // it had nothing else
    EXPECT_FLOAT_EQ(without.at({1, 1}), 0.5f);
    EXPECT_FLOAT_EQ(without.at({2, 2}), 0.75f);
    EXPECT_EQ(most_attended(Tensor<float>(Shape{2, 2}, masked())), std::nullopt);
}

/// Smallest cut by trying all of them: sets of nodes that hold the source and not the sink.
double smallest_cut(const std::vector<std::vector<double>>& capacity, std::size_t source, std::size_t sink) {
    const std::size_t n = capacity.size();
    double least = 1e9;
    for (std::size_t set = 0; set < (std::size_t{1} << n); ++set) {
        if ((set >> source & 1) == 0 || (set >> sink & 1) != 0) continue;
        double cut = 0;
        for (std::size_t a = 0; a < n; ++a)
            for (std::size_t b = 0; b < n; ++b)
                if ((set >> a & 1) != 0 && (set >> b & 1) == 0) cut += capacity[a][b];
        least = std::min(least, cut);
    }
    return least;
}

TEST(AttentionFlow, IsTheSmallestCutBetweenOutputAndInput) {
    const Index n = 2, t = 3;
    const auto layers = Tensor<float>::from(Shape{n, t, t}, {1, 0, 0, 0.3f, 0.7f, 0, 0.2f, 0.5f, 0.3f,  //
                                                             1, 0, 0, 0.9f, 0.1f, 0, 0.1f, 0.6f, 0.3f});
    std::vector<std::vector<double>> capacity(9, std::vector<double>(9));
    for (Index l = 0; l < n; ++l) {
        const Tensor<float> mixed = with_residual(layers.row(l));
        for (Index i = 0; i < t; ++i)
            for (Index j = 0; j < t; ++j)
                capacity[static_cast<std::size_t>((l + 1) * t + i)][static_cast<std::size_t>(l * t + j)] =
                    static_cast<double>(mixed.at({i, j}));
    }
    const Tensor<float> flow = attention_flow(layers);
    for (Index i = 0; i < t; ++i)
        for (Index j = 0; j < t; ++j)
            EXPECT_NEAR(static_cast<double>(flow.at({i, j})),
                        smallest_cut(capacity, static_cast<std::size_t>(n * t + i), static_cast<std::size_t>(j)), 1e-6)
                << i << " " << j;
}

TEST(AttentionFlow, StopsBeforeItBecomesTooMuchWork) {
    EXPECT_TRUE(attention_flow_fits(4, longest_for_attention_flow(4)));
    EXPECT_FALSE(attention_flow_fits(4, longest_for_attention_flow(4) + 1));
    const Error error = error_of([] { attention_flow(Tensor<float>(Shape{6, 200, 200})); });
    EXPECT_EQ(error.code(), ErrorCode::invalid_input);
    EXPECT_NE(error.line().find("200 tokens"), std::string::npos) << error.line();
}

// By hand, for a head that looks evenly at two of three keys, one at itself, one two to the left.
TEST(HeadOrder, ByEntropyAndMeanDistance) {
    const auto maps = Tensor<float>::from(Shape{3, 1, 3}, {0.5f, 0.5f, 0, 1, 0, 0, 0, 0, 1});
    const std::vector<double> entropies = head_entropies(maps), distances = head_distances(maps);
    EXPECT_NEAR(entropies[0], std::log(2.0), 1e-6);
    EXPECT_NEAR(entropies[1], 0, 1e-6);
    EXPECT_NEAR(distances[0], 0.5, 1e-6);
    EXPECT_NEAR(distances[2], 2, 1e-6);
    EXPECT_EQ(head_order(maps, ViewOptions::Order::entropy), (std::vector<Index>{1, 2, 0}));
    EXPECT_EQ(head_order(maps, ViewOptions::Order::distance), (std::vector<Index>{1, 0, 2}));
    EXPECT_EQ(head_order(maps, ViewOptions::Order::as_is), (std::vector<Index>{0, 1, 2}));
}

TEST(HeadOrder, LikeHeadsStandBesideEachOther) {
    const auto maps = Tensor<float>::from(Shape{4, 1, 2}, {1, 0, 0, 1, 0.9f, 0.1f, 0.1f, 0.9f});
    const std::vector<Index> order = similarity_order(maps);
    const auto place = [&order](Index head) { return std::find(order.begin(), order.end(), head) - order.begin(); };
    EXPECT_EQ(std::abs(place(0) - place(2)), 1);
    EXPECT_EQ(std::abs(place(1) - place(3)), 1);
    EXPECT_EQ(std::abs(place(2) - place(3)), 1);  // joined where they are most alike
}

TEST(AttentionPlane, WithoutOptionsSharesTheTensorsStorage) {
    const Trace trace = stack_trace(2, 4, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.selected.marks = {{"layer", 1}, {"head", 3}};
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_EQ(plane.slice.values.data(), trace.tensor("encoder.weights").values.row(1).row(3).data());
    EXPECT_EQ(plane.slice.where, "layer 2, head 4");
    EXPECT_EQ(plane.caption, "");
    EXPECT_FALSE(plane.derived);
}

TEST(AttentionPlane, SaysWhatWasCombinedAndChecksItsRows) {
    const Trace trace = stack_trace(2, 4, words);
    const TraceTensor& weights = trace.tensor("encoder.weights");
    AttentionPlane plane = attention_plane(trace, weights, state_with(Heads::mean, Layers::rollout));
    EXPECT_TRUE(plane.caption.starts_with("mean over heads · rollout through layers · rows sum to 1")) << plane.caption;
    EXPECT_TRUE(plane.derived);
    EXPECT_EQ(plane.slice.where, "");
    ViewState state = state_with(Heads::max, Layers::one);
    state.options.chosen = {0, 2};
    state.selected.marks = {{"layer", 1}};
    plane = attention_plane(trace, weights, state);
    EXPECT_TRUE(plane.caption.starts_with("max over heads 1, 3 of layer 2 · rows sum to ")) << plane.caption;
    EXPECT_FLOAT_EQ(plane.slice.values.at({1, 0}), std::max(weights.values.at({1, 0, 1, 0}), weights.values.at({1, 2, 1, 0})));
    EXPECT_EQ(cell_of(plane.slice, 1, 0).index, (std::vector<Index>{1, -1, 1, 0}));
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
    EXPECT_EQ(plane.caption, "special tokens hidden");
    EXPECT_FLOAT_EQ(plane.slice.values.at({0, 2}), trace.tensor("encoder.weights").values.at({0, 0, 1, 3}));
}

TEST(AttentionPlane, TheSinkIsNamed) {
    const Trace trace = stack_trace(1, 3, words);
    ViewState state = state_with(Heads::each, Layers::one);
    state.selected.marks = {{"head", 2}};  // looks at the first
    state.options.sink = ViewOptions::Sink::most;
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_TRUE(plane.caption.starts_with("without “<s>” at 1, rows renormalised · rows sum to 1")) << plane.caption;
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
}  // namespace saccade
