#include "run/row_story.hpp"

#include <cmath>
#include <numeric>

#include "run/run.hpp"
#include "testing.hpp"

namespace saccade::row_story_test {
namespace {

TracePtr traced(const std::string& exhibit, const std::vector<std::pair<std::string, std::string>>& params) {
    RunRequest request;
    request.exhibit = exhibit;
    for (const auto& [name, value] : params) request.params.set(name, value);
    return run(request);
}

float sum(const std::vector<float>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0f);
}

/// The numbers of the story lead from one to the next, and to what the run recorded.
void expect_follows(const RowStory& story) {
    const std::size_t n = story.keys.size();
    ASSERT_EQ(story.scores.size(), n);
    ASSERT_EQ(story.products.size(), n);
    std::vector<float> raised;
    for (std::size_t j = 0; j < n; ++j)
        raised.push_back(std::exp(story.scores[j] + (story.is_masked() ? story.mask[j] : 0.0f)));
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(story.weights[j], raised[j] / sum(raised), 1e-5f) << story.keys[j];
    EXPECT_NEAR(sum(story.weights), 1, 1e-5f);
    for (std::size_t j = 0; j < n; ++j) EXPECT_NEAR(story.products[j], story.weights[j] * story.values[j], 1e-5f);
    EXPECT_NEAR(sum(story.products), story.context, 1e-4f);
    EXPECT_GT(std::abs(story.context), 0.1f) << "a coordinate in which something happens";
}

TEST(RowStory, leads_from_scores_to_the_context) {
    const TracePtr trace = traced("alignment", {{"model", "zh-en-gru"}, {"source", "火车几点到北京？"}});
    const auto story = row_story(*trace, {"weights", {6, 5}});
    ASSERT_TRUE(story);
    EXPECT_EQ(story->query, "beijing");
    EXPECT_EQ(story->keys[5], "北");
    EXPECT_FALSE(story->is_masked());
    EXPECT_EQ(story->count(), 24u);
    EXPECT_FALSE(story->score_formula.empty() || story->weight_formula.empty() || story->context_formula.empty());
    expect_follows(*story);
}

TEST(RowStory, tells_what_a_mask_hides) {
    const TracePtr trace = traced("self-attention", {{"text", "火车几点到北京？"}, {"mask", "causal"}});
    const auto story = row_story(*trace, {"weights", {3, 0}});
    ASSERT_TRUE(story);
    ASSERT_TRUE(story->is_masked());
    EXPECT_EQ(story->count(), 32u);
    EXPECT_TRUE(std::isinf(story->mask[4]));
    EXPECT_EQ(story->weights[4], 0);
    expect_follows(*story);
    const TracePtr heads = traced("transformer", {{"source", "火车几点到北京？"}});
    const auto cross = row_story(*heads, {"cross.weights", {1, 0, 5, 4}});
    ASSERT_TRUE(cross);
    EXPECT_FALSE(cross->is_masked()) << "a mask that hides nothing is no step";
    expect_follows(*cross);
}

TEST(RowStory, is_told_only_where_all_of_it_was_recorded) {
    const TracePtr fixed = traced("alignment", {{"model", "zh-en-fixed"}, {"source", "火车几点到北京？"}});
    EXPECT_FALSE(row_story(*fixed, {"weights", {0, 0}}));
    EXPECT_FALSE(row_story(*fixed, {"context", {0, 0}}));
    const TracePtr trace = traced("alignment", {});
    EXPECT_FALSE(row_story(*trace, {"weights", {0, -1}}));
    EXPECT_FALSE(row_story(*trace, {"weights", {0, 0}}, 3)) << "more keys than can be told";
    EXPECT_TRUE(row_story(*trace, {"weights", {0, 0}}));
}

}  // namespace
}  // namespace saccade::row_story_test
