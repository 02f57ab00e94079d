#include "attention/align.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "attention/mask.hpp"
#include "unit/core/testing.hpp"

namespace saccade::align_test {
namespace {

using test::contains;
using test::error_of;

constexpr float inf = std::numeric_limits<float>::infinity();

Tensor<float> rows(Index count, std::vector<float> values) {
    const auto n = static_cast<Index>(values.size()) / count;
    return Tensor<float>::from({count, n}, values);
}

std::vector<float> softmaxed(const Tensor<float>& scores, double temperature, const Tensor<float>& mask = {}) {
    const Tensor<float> weights = align_softmax(Var<float>(scores), mask, temperature).value();
    return {weights.values().begin(), weights.values().end()};
}

std::vector<float> list(const Tensor<float>& t) {
    return {t.values().begin(), t.values().end()};
}

void expect_near(const std::vector<float>& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(static_cast<double>(got[i]), expected[i], 1e-6) << i;
}

TEST(Align, temperature_divides_the_scores) {
    const Tensor<float> scores = rows(1, {1, 2, 4});
    const double a = std::exp(-1.5), b = std::exp(-1.0), sum = a + b + 1;
    expect_near(softmaxed(scores, 2), {a / sum, b / sum, 1 / sum});
    expect_near(softmaxed(scores, 1),
                {std::exp(-3) / (std::exp(-3) + std::exp(-2) + 1), std::exp(-2) / (std::exp(-3) + std::exp(-2) + 1),
                 1 / (std::exp(-3) + std::exp(-2) + 1)});
}

TEST(Align, temperature_0_is_argmax_and_infinity_uniform) {
    const Tensor<float> scores = rows(2, {1, 4, 4, 2, -3, -1, -2, -5});
    EXPECT_EQ(softmaxed(scores, 0), (std::vector<float>{0, 1, 0, 0, 0, 1, 0, 0}));
    EXPECT_EQ(softmaxed(scores, INFINITY), std::vector<float>(8, 0.25f));
    const Tensor<float> mask = rows(2, {0, -inf, 0, 0, 0, 0, -inf, -inf});
    EXPECT_EQ(softmaxed(scores, 0, mask), (std::vector<float>{0, 0, 1, 0, 0, 1, 0, 0}));
    expect_near(softmaxed(scores, INFINITY, mask), {1.0 / 3, 0, 1.0 / 3, 1.0 / 3, 0.5, 0.5, 0, 0});
}

TEST(Align, the_weights_approach_their_limits_without_nan) {
    const Tensor<float> scores = rows(1, {1, 4, 3.5f, 1e30f});
    const Tensor<float> mask = rows(1, {0, 0, 0, -inf});
    // 1e-40 and 1e-46 have no finite inverse as float; a masked score must not push the others out of range.
    for (const double t : {1e-3, 1e-20, 1e-38, 1e-40, 1e-46, 1e-300}) {
        expect_near(softmaxed(scores, t, mask), {0, 1, 0, 0});
        expect_near(softmaxed(scores, t), {0, 0, 0, 1});
        expect_near(softmaxed(rows(1, {3e38f, -3e38f}), t), {1, 0});
    }
    for (const double t : {1e30, 1e40, 1e300}) expect_near(softmaxed(rows(1, {1, 4}), t), {0.5, 0.5});
    expect_near(softmaxed(rows(1, {-inf, 4, 2}), INFINITY), {0, 0.5, 0.5});
}

TEST(Align, no_temperature_below_0_or_nan) {
    const Tensor<float> scores = rows(1, {1, 2});
    for (const double t : {-1.0, std::nan("")})
        error_of(ErrorCode::invalid_input, [&] { align_softmax(Var<float>(scores), {}, t); });
}

TEST(Align, a_row_without_keys_gets_no_weight) {
    const Tensor<float> scores = rows(1, {1, 2, 3}), mask = rows(1, {-inf, -inf, -inf});
    for (const double t : {0.0, 1e-40, 0.5, 1.0, 2.0, static_cast<double>(inf)})
        EXPECT_EQ(softmaxed(scores, t, mask), std::vector<float>(3, 0)) << t;
    EXPECT_EQ(list(align_hard_argmax(scores, mask)), std::vector<float>(3, 0));
    Rng rng(1);
    EXPECT_EQ(list(align_hard_sample(scores, mask, 1, rng)), std::vector<float>(3, 0));
    EXPECT_EQ(list(align_hard_sample(rows(1, {-inf, -inf}), {}, 1, rng)), std::vector<float>(2, 0));
}

TEST(Align, hard_argmax_takes_the_first_of_the_largest_that_is_not_masked) {
    const Tensor<float> scores = rows(3, {1, 5, 5, 9, 2, 2, -7, -8, -9});
    const Tensor<float> mask = rows(1, {0, 0, 0});
    EXPECT_EQ(list(align_hard_argmax(scores, mask)), (std::vector<float>{0, 1, 0, 1, 0, 0, 1, 0, 0}));
    EXPECT_EQ(list(align_hard_argmax(scores, rows(1, {-inf, 0, 0}))), (std::vector<float>{0, 1, 0, 0, 1, 0, 0, 1, 0}));
}

TEST(Align, samples_are_drawn_as_often_as_their_weights_say) {
    const Tensor<float> scores = rows(1, {0.5f, 2, -1, 1});
    const std::vector<float> weights = softmaxed(scores, 1);
    Rng rng(17);
    constexpr int draws = 20000;
    std::vector<int> counts(4);
    for (int d = 0; d < draws; ++d) {
        const std::vector<float> one = list(align_hard_sample(scores, {}, 1, rng));
        ASSERT_EQ(std::accumulate(one.begin(), one.end(), 0.0f), 1);
        ++counts[static_cast<std::size_t>(std::ranges::find(one, 1.0f) - one.begin())];
    }
    // Pearson's statistic with 3 degrees of freedom: above 21.1 once in ten thousand seeds.
    double statistic = 0;
    for (std::size_t j = 0; j < 4; ++j) {
        const double expected = draws * static_cast<double>(weights[j]);
        statistic += (counts[j] - expected) * (counts[j] - expected) / expected;
    }
    EXPECT_LT(statistic, 21.1);
}

TEST(Align, a_key_that_is_masked_or_has_no_probability_is_never_drawn) {
    Rng rng(3);
    // Key 1 is masked although its score is the largest; key 3 has a probability that rounds to 0.
    const Tensor<float> scores = rows(1, {0, 50, 0.1f, -200}), mask = rows(1, {0, -inf, 0, 0});
    for (int d = 0; d < 3000; ++d) {
        const std::vector<float> one = list(align_hard_sample(scores, mask, 1, rng));
        ASSERT_EQ(one[1] + one[3], 0);
        ASSERT_EQ(one[0] + one[2], 1);
    }
    for (int d = 0; d < 100; ++d) EXPECT_EQ(list(align_hard_sample(scores, mask, 0, rng)), (std::vector<float>{0, 0, 1, 0}));
}

TEST(Align, local_mask_is_the_window_about_each_centre) {
    const std::vector<float> centres = {0, 2.4f, 4};
    EXPECT_EQ(list(local_mask<float>(centres, 5, 1)), (std::vector<float>{0, 0, -inf, -inf, -inf,  //
                                                                          -inf, -inf, 0, 0, -inf,  //
                                                                          -inf, -inf, -inf, 0, 0}));
    EXPECT_EQ(list(local_mask<float>(centres, 5, 0)), (std::vector<float>{0, -inf, -inf, -inf, -inf,  //
                                                                          -inf, -inf, 0, -inf, -inf,  //
                                                                          -inf, -inf, -inf, -inf, 0}));
    EXPECT_EQ(list(local_mask<float>(centres, 5, INFINITY)), std::vector<float>(15, 0));
}

TEST(Align, local_p_is_a_softmax_under_a_gaussian) {
    const Tensor<float> scores = rows(1, {1, 0, 2, 1, 3});
    const std::vector<float> centres = {1.5f};
    const double window = 2, sigma = 1;
    const Tensor<float> mask = local_mask<float>(centres, 5, window);
    const auto weights = [&](double d) {
        const Var<float> p = Tensor<float>::from({1}, centres);
        return list(align_local_p(Var<float>(scores), p, local_mask<float>(centres, 5, d), d).value());
    };
    double total = 0;
    const std::vector<double> e = {1, 0, 2, 1, 3};
    for (int j = 0; j < 4; ++j) total += std::exp(e[static_cast<std::size_t>(j)]);
    std::vector<double> expected(5);
    for (int j = 0; j < 4; ++j)
        expected[static_cast<std::size_t>(j)] =
            std::exp(e[static_cast<std::size_t>(j)]) / total * std::exp(-(j - 1.5) * (j - 1.5) / (2 * sigma * sigma));
    expect_near(weights(window), expected);
    EXPECT_LT(std::accumulate(expected.begin(), expected.end(), 0.0), 1);
    // Without an edge, the softmax; without a width, the nearest key.
    const std::vector<float> all = softmaxed(scores, 1);
    expect_near(weights(INFINITY), std::vector<double>(all.begin(), all.end()));
    EXPECT_EQ(weights(0), (std::vector<float>{0, 0, 1, 0, 0}));
}

TEST(Align, a_window_may_be_as_narrow_as_one_likes) {
    const Tensor<float> scores = rows(1, {1, 0, 2});
    for (const float at : {1.0f, 1.25f})
        for (const double window : {1e-3, 1e-20, 1e-30, 1e-200}) {
            const std::vector<float> centres = {at};
            const Var<float> p = Tensor<float>::from({1}, centres);
            const auto weights =
                list(align_local_p(Var<float>(scores), p, local_mask<float>(centres, 3, window), window).value());
            EXPECT_EQ(weights, (std::vector<float>{0, at == 1.0f ? 1.0f : 0.0f, 0})) << at << " " << window;
        }
}

TEST(Align, predicted_centres_lie_within_the_source) {
    const Tensor<float> state = rows(3, {9, -9, 0, 0, -9, 9}), weight = rows(2, {5, 0, 0, 5});
    const Tensor<float> vector = Tensor<float>::from({2}, std::vector<float>{9, -9});
    const Tensor<float> lengths = Tensor<float>::from({3}, std::vector<float>{7, 4, 7});
    const std::vector<float> p = list(predicted_centres<float>(state, weight, vector, lengths).value());
    expect_near(p, {7 / (1 + std::exp(-18.0)), 2, 7 / (1 + std::exp(18.0))});
}

/// What holds of every function that needs nothing but scores, whether it samples or not.
TEST(Align, weights_of_scores_alone_sum_to_1_and_reach_their_limits) {
    const Tensor<float> scores = rows(2, {1, 4, 4, 2, -3, -1, -2, -5});
    const Tensor<float> mask = rows(2, {0, -inf, 0, 0, 0, 0, -inf, -inf}), none = rows(1, {-inf, -inf, -inf, -inf});
    for (const AlignFunction& f : align_functions()) {
        if (!f.scores_alone()) continue;
        for (const double t : {0.0, 1e-40, 0.5, 1.0, 3.0, static_cast<double>(inf)}) {
            SCOPED_TRACE(f.id + " at " + std::to_string(t));
            Rng rng(5);
            const auto align = make_align<float>({f.id, t});
            const auto weights = [&](const Tensor<float>& hidden) {
                return list((*align)({.scores = scores, .mask = hidden, .rng = &rng}).weights.value());
            };
            for (const Tensor<float>& hidden : {Tensor<float>{}, mask}) {
                const std::vector<float> w = weights(hidden);
                for (std::size_t i = 0; i < 8; i += 4)
                    EXPECT_NEAR(std::accumulate(w.begin() + static_cast<long>(i), w.begin() + static_cast<long>(i + 4), 0.0f),
                                1, 1e-6);
                for (std::size_t i = 0; i < 8; ++i)
                    if (!hidden.empty() && hidden.data()[i] != 0) {
                        EXPECT_EQ(w[i], 0);
                    }
            }
            EXPECT_EQ(weights(none), std::vector<float>(8, 0));
            if (t == 0) {
                EXPECT_EQ(weights(mask), (std::vector<float>{0, 0, 1, 0, 0, 1, 0, 0}));
            }
            if (std::isinf(t) && f.trainable && !f.samples) {
                EXPECT_EQ(weights({}), std::vector<float>(8, 0.25f));
            }
        }
        if (f.reads_temperature)
            error_of(ErrorCode::invalid_input, [&] {
                Rng rng(5);
                (*make_align<float>({f.id, -1}))({.scores = scores, .rng = &rng});
            });
    }
}

TEST(Align, functions_are_found_by_name) {
    for (const AlignFunction& f : align_functions()) EXPECT_EQ(align_function(f.id).title, f.title);
    EXPECT_TRUE(contains(error_of(ErrorCode::usage, [] { align_function("sharp"); }), "local_p"));
}

}  // namespace
}  // namespace saccade::align_test
