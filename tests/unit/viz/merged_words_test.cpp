#include "viz/merged_words.hpp"

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "viz_testing.hpp"

// Tokens of a word as one position.

namespace saccade::merged_words_test {
namespace {

using namespace test;

Axis tokens(const std::vector<std::string>& labels) {
    return {
        .name = "token", .kind = AxisKind::query, .extent = static_cast<Index>(labels.size()), .labels = labels, .symbol = "i"};
}

TEST(MergedWords, TokenizersSayWhereWordsBegin) {
    EXPECT_EQ(merged_words(tokens({"I", "·don", "'t", "·know", "."})).labels,
              (std::vector<std::string>{"I", "don't", "know", "."}));
    EXPECT_EQ(merged_words(tokens({"[CLS]", "play", "##ing", "##s", "now", "[SEP]"})).starts, (std::vector<Index>{0, 1, 4, 5}));
    for (const auto& none : {std::vector<std::string>{"he", "gets", "up"}, {"他", "每", "天"}, {"·a", "他", "每"}, {}}) {
        EXPECT_TRUE(merged_words(tokens(none)).starts.empty());
        EXPECT_FALSE(has_merged_words(tokens(none)));
    }
}

TEST(MergedWords, AWordGetsWhatItsTokensGetAndRowsStillSumToOne) {
    const std::vector<std::string> words{"I", "·don", "'t", "·know", "."};
    const Trace trace = attention_trace(words, words, 6);
    ViewState state;
    state.tensor = "weights";
    const AttentionPlane each = attention_plane(trace, trace.tensor("weights"), state);
    state.options.merge_subwords = true;
    const AttentionPlane merged = attention_plane(trace, trace.tensor("weights"), state);
    ASSERT_TRUE(merged.words_merged);
    ASSERT_EQ(merged.slice.values.shape(), (Shape{4, 4}));
    const auto at = [](const AttentionPlane& plane, Index r, Index c) { return plane.slice.values.at({r, c}); };
    EXPECT_FLOAT_EQ(at(merged, 0, 1), at(each, 0, 1) + at(each, 0, 2));
    EXPECT_FLOAT_EQ(at(merged, 1, 0), (at(each, 1, 0) + at(each, 2, 0)) / 2);
    for (Index r = 0; r < 4; ++r) {
        float sum = 0;
        for (Index c = 0; c < 4; ++c) sum += at(merged, r, c);
        EXPECT_NEAR(sum, 1, 1e-5);
    }
    EXPECT_EQ(merged.slice.row()->labels[1], "don't");
    EXPECT_EQ(merged.slice.row_map, (std::vector<Index>{0, 1, 3, 4}));
    EXPECT_NE(merged.caption().find("joined"), std::string::npos);
}

TEST(MergedWords, SpecialTokensAreHiddenAmongWords) {
    const std::vector<std::string> words{"[CLS]", "play", "##ing", "[SEP]"};
    const Trace trace = attention_trace(words, words, 6);
    ViewState state;
    state.tensor = "weights";
    state.options.merge_subwords = true;
    state.options.special = ViewOptions::Special::hide;
    state.selected = focus_of(trace, {"weights", {2, 2}});
    const AttentionPlane plane = attention_plane(trace, trace.tensor("weights"), state);
    EXPECT_EQ(plane.slice.values.shape(), (Shape{1, 1}));
    EXPECT_EQ(plane.slice.row_map, std::vector<Index>{1});
    EXPECT_EQ(plane.slice.row()->labels, std::vector<std::string>{"playing"});
    EXPECT_EQ(plane.state.selected.on(plane.slice.row()), 0);
}

}  // namespace
}  // namespace saccade::merged_words_test
