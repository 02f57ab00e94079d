#include <gtest/gtest.h>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::axis_labels_test {
namespace {

using namespace test;

Trace self_attention(Index n) {
    Trace trace;
    const AxisPtr query = trace.add_axis({"token", AxisKind::query, n, tokens("word", n), "i"});
    const AxisPtr key = trace.add_axis({"token.key", AxisKind::key, n, tokens("word", n), "j"});
    Tensor<float> weights(Shape{n, n});
    for (Index i = 0; i < n * n; ++i) weights.data()[i] = 1 / static_cast<float>(n);
    trace.add({"weights", Role::weights, "α", "Attention weights", "weight", {query, key}}, weights);
    return trace;
}

Index written(const Figure& figure, const std::string& begin) {
    const auto texts = items_of<TextItem>(figure);
    return std::ranges::count_if(texts, [&](const TextItem& item) { return item.text.starts_with(begin); });
}

/// Where one axis has no room for its tokens, the other, of the same tokens, counts them as well: who reads "@12" there finds
/// it.
TEST(AxisLabels, TheSameTokensAreWrittenInOneWayOnBothAxes) {
    const PlainMeasure measure;
    const Trace trace = self_attention(24);
    ViewState state;
    state.view = "heatmap";
    state.decorations = false;
    state.width = 700;
    Index counted = 0, named = 0;
    for (double height = 120; height < 700; height += 20) {
        state.height = height;
        const Figure figure = view("heatmap").layout(trace, state, measure);
        const Index numbers = written(figure, "@"), words = written(figure, "word");
        SCOPED_TRACE(height);
        EXPECT_TRUE(numbers == 0 || words == 0) << numbers << " positions beside " << words << " tokens";
        counted += numbers > 0 ? 1 : 0;
        named += words > 0 ? 1 : 0;
    }
    EXPECT_GT(counted, 0);
    EXPECT_GT(named, 0);
}

}  // namespace
}  // namespace saccade::axis_labels_test
