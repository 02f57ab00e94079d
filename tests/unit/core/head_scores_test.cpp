#include "model/head_scores.hpp"

#include <functional>

#include "testing.hpp"

namespace saccade::head_scores_test {
namespace {

using test::contains;
using test::error_of;

/// Weights [layers, heads, n, n] of which every row is 1 at one place.
Tensor<float> looking_at(Index layers, Index heads, Index n, const std::function<Index(Index head, Index i)>& place) {
    Tensor<float> weights(Shape{layers, heads, n, n});
    for (Index h = 0; h < layers * heads; ++h)
        for (Index i = 0; i < n; ++i) weights.data()[(h * n + i) * n + place(h, i)] = 1;
    return weights;
}

// <start> a b c d a b c d
const Ids repeated = {99, 1, 2, 3, 4, 1, 2, 3, 4};

TEST(HeadScores, a_perfect_pattern_of_each_kind_scores_one) {
    const auto scores = head_scores(looking_at(1, 3, 9,
                                               [](Index head, Index i) -> Index {
                                                   if (head == 1) return i > 1 ? i - 1 : 0;
                                                   if (i < 5) return 0;
                                                   return head == 0 ? i - 3 : i - 4;
                                               }),
                                    repeated, 1);
    EXPECT_EQ(scores.repeated, 4);
    EXPECT_FLOAT_EQ(scores.induction.at({0, 0}), 1);
    EXPECT_FLOAT_EQ(scores.induction.at({0, 1}), 0);
    EXPECT_FLOAT_EQ(scores.induction.at({0, 2}), 0);
    EXPECT_FLOAT_EQ(scores.previous.at({0, 1}), 1);
    EXPECT_FLOAT_EQ(scores.previous.at({0, 2}), 0);
    EXPECT_FLOAT_EQ(scores.duplicate.at({0, 2}), 1);
    EXPECT_FLOAT_EQ(scores.duplicate.at({0, 0}), 0);
}

TEST(HeadScores, uniform_attention_scores_what_chance_gives) {
    Tensor<float> weights(Shape{1, 1, 9, 9});
    for (Index i = 0; i < 9; ++i)
        for (Index j = 0; j <= i; ++j) weights.data()[i * 9 + j] = 1.0f / static_cast<float>(i + 1);
    const auto scores = head_scores(weights, repeated, 1);
    EXPECT_NEAR(scores.induction.item(), (1.0 / 6 + 1.0 / 7 + 1.0 / 8 + 1.0 / 9) / 4, 1e-6);
    EXPECT_NEAR(scores.duplicate.item(), scores.induction.item(), 1e-6);
}

TEST(HeadScores, several_earlier_occurrences_add_up) {
    // a b a c a: the last a may look at b or at c.
    const Ids ids = {1, 2, 1, 3, 1};
    Tensor<float> weights(Shape{1, 1, 5, 5});
    weights.data()[2 * 5 + 1] = 1;
    weights.data()[4 * 5 + 1] = 0.25f;
    weights.data()[4 * 5 + 3] = 0.5f;
    EXPECT_FLOAT_EQ(head_scores(weights, ids).induction.item(), (1 + 0.75f) / 2);
}

TEST(HeadScores, without_repetition_scores_are_zero_and_finite) {
    const Ids ids = {1, 2, 3};
    const auto scores = head_scores(looking_at(1, 1, 3, [](Index, Index) { return Index{0}; }), ids);
    EXPECT_EQ(scores.repeated, 0);
    EXPECT_EQ(scores.induction.item(), 0.0f);
    EXPECT_EQ(head_scores(Tensor<float>(Shape{1, 1, 1, 1}, 1.0f), Ids{5}, 1).previous.item(), 0.0f);
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input,
                                  [&] {
                                      head_scores(Tensor<float>(Shape{1, 1, 2, 2}), ids);
                                  }),
                         "3 tokens"));
}

TEST(HeadScores, composition_is_one_where_keys_read_what_was_written_and_zero_where_not) {
    // d = 2, heads of one unit. Head 0 of layer 0 writes feature 0, head 1 feature 1; head 0 of layer 1 has keys from feature
    // 0, head 1 from feature 1.
    const Shape in{2, 2, 1, 2}, out{2, 2, 2, 1};
    Tensor<float> query(in, 1.0f), key(in), value(in, 1.0f), output(out);
    key.row(1).row(0).data()[0] = 1;
    key.row(1).row(1).data()[1] = 1;
    output.row(0).row(0).data()[0] = 1;
    output.row(0).row(1).data()[1] = 1;
    const Tensor<float> c = key_composition(query, key, value, output, 0, 1);
    EXPECT_NEAR(c.at({0, 0}), 1, 1e-6);
    EXPECT_NEAR(c.at({1, 1}), 1, 1e-6);
    EXPECT_NEAR(c.at({0, 1}), 0, 1e-6);
    EXPECT_NEAR(c.at({1, 0}), 0, 1e-6);
    // A head that writes nothing composes with none.
    EXPECT_EQ(key_composition(query, key, value, Tensor<float>(out), 0, 1).at({0, 0}), 0.0f);
}

}  // namespace
}  // namespace saccade::head_scores_test
