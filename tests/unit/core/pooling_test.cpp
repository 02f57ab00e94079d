#include <algorithm>
#include <cmath>

#include "attention/pooling_gate.hpp"
#include "attention/pooling_max.hpp"
#include "testing.hpp"

namespace saccade::pooling_test {
namespace {

TEST(PoolMax, takes_the_largest_of_each_feature_within_the_length) {
    const Tensor<float> values = Tensor<float>::from({2, 3, 2}, {1, -5, 2, -4, 9, 9, 7, 1, 7, 8, 0, 0});
    const std::vector<Index> lengths = {2, 3};
    const auto pooled = pool_max<float>(values, std::span<const Index>(lengths));
    EXPECT_TRUE(std::ranges::equal(pooled.pooled.value().values(), std::vector<float>{2, -4, 7, 8}));
    EXPECT_EQ(pooled.winners, (Ids{1, 1, 0, 1}));  // of equal values the first
}

TEST(PoolMax, a_row_of_length_0_is_zeros_and_bad_lengths_are_refused) {
    const Tensor<float> values(Shape{1, 2, 3}, -1.0f);
    const std::vector<Index> none = {0}, long_ = {3}, two = {1, 1};
    const auto pooled = pool_max<float>(values, std::span<const Index>(none));
    EXPECT_TRUE(std::ranges::all_of(pooled.pooled.value().values(), [](float v) { return v == 0; }));
    EXPECT_EQ(pooled.winners[0], -1);
    test::error_of(ErrorCode::invalid_input, [&] { pool_max<float>(values, std::span<const Index>(long_)); });
    test::error_of(ErrorCode::invalid_input, [&] { pool_max<float>(values, std::span<const Index>(two)); });
    test::error_of(ErrorCode::invalid_input, [] { pool_max<float>(Tensor<float>(Shape{2, 3})); });
}

TEST(PoolMax, as_a_selection_it_reads_the_same) {
    const Tensor<float> values = Tensor<float>::from({3, 2}, {1, -5, 2, -4, -9, -9});
    const Tensor<float> selection = max_selection(values);
    EXPECT_TRUE(std::ranges::equal(selection.values(), std::vector<float>{0, 1, 0, 0, 1, 0}));
    EXPECT_TRUE(std::ranges::equal(read_selection(selection, values).values(), std::vector<float>{2, -4}));
    EXPECT_TRUE(std::ranges::equal(selection_saliency(selection).values(), std::vector<float>{0, 1, 0}));
    test::error_of(ErrorCode::invalid_input, [&] { read_selection(values, values); });
}

TEST(GateWeights, share_one_among_what_counts) {
    const Tensor<float> gates = Tensor<float>::from({2, 3}, {0.5f, 0.5f, 0.9f, 0.2f, 0.2f, 0.6f});
    const std::vector<Index> lengths = {2, 3};
    const Tensor<float> w = gate_weights<float>(gates, std::span<const Index>(lengths)).value();
    EXPECT_EQ(w.at({0, 0}), 0.5f);
    EXPECT_EQ(w.at({0, 2}), 0.0f);
    EXPECT_NEAR(w.at({1, 2}), 0.6f, 1e-6f);
}

TEST(GateWeights, closed_gates_give_zeros_never_nan) {
    const std::vector<Index> none = {0};
    for (const Tensor<float>& w : {gate_weights<float>(Tensor<float>(Shape{1, 3})).value(),
                                   gate_weights<float>(Tensor<float>(Shape{1, 3}, 1.0f), std::span<const Index>(none)).value()})
        EXPECT_TRUE(std::ranges::all_of(w.values(), [](float v) { return v == 0; }));
    const std::vector<Index> wrong = {4};
    test::error_of(ErrorCode::invalid_input, [&] {
        gate_weights<float>(Tensor<float>(Shape{1, 3}), std::span<const Index>(wrong));
    });
}

}  // namespace
}  // namespace saccade::pooling_test
