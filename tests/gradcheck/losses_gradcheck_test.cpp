#include <gtest/gtest.h>

#include <cmath>

#include "autograd/ops.hpp"
#include "base/rng.hpp"
#include "train/attention_losses.hpp"

// Losses on attention itself. They compute in float, so they are held against their definitions, worked out in double.

namespace saccade::losses_gradcheck_test {
namespace {

constexpr Index steps = 2, batch = 3, keys = 4;
const std::vector<Index> drawn = {0, 3, 1, 2, 1, 0};  // step by step; the last example has two keys
const std::vector<float> rewards = {-0.5f, -2.0f, -0.1f, -1.0f, -0.3f, -3.0f};
constexpr float minus_infinity = -std::numeric_limits<float>::infinity();
const std::vector<float> padding = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, minus_infinity, minus_infinity};
constexpr double entropy_weight = 0.05;

/// Xu 2015, eq. 11 and 12 as the header states them, from the scores of all steps.
double defined_loss(const std::vector<double>& scores) {
    double total = 0;
    for (Index i = 0; i < steps; ++i)
        for (Index b = 0; b < batch; ++b) {
            const double* const e = scores.data() + (i * batch + b) * keys;
            const Index n = b == 2 ? 2 : keys;
            double sum = 0, entropy = 0, others = 0;
            for (Index j = 0; j < n; ++j) sum += std::exp(e[j]);
            for (Index j = 0; j < n; ++j) entropy -= std::exp(e[j]) / sum * std::log(std::exp(e[j]) / sum);
            for (Index o = 0; o < batch; ++o)
                if (o != b) others += static_cast<double>(rewards[static_cast<std::size_t>(i * batch + o)]) / (batch - 1);
            const double advantage = static_cast<double>(rewards[static_cast<std::size_t>(i * batch + b)]) - others;
            const double log_pi = e[drawn[static_cast<std::size_t>(i * batch + b)]] - std::log(sum);
            total += -advantage * log_pi - entropy_weight * entropy;
        }
    return total / (steps * batch);
}

Tensor<float> one_hot(Index step) {
    Tensor<float> weights(Shape{batch, keys});
    for (Index b = 0; b < batch; ++b) weights.data()[b * keys + drawn[static_cast<std::size_t>(step * batch + b)]] = 1;
    return weights;
}

std::vector<double> random_scores() {
    Rng rng(4);
    std::vector<double> scores(steps * batch * keys);
    for (double& v : scores) v = static_cast<double>(static_cast<float>(3 * rng.uniform() - 1.5));
    return scores;
}

struct Taught {
    double loss;
    std::vector<double> gradient;  // of the scores
};

Taught taught(const std::vector<double>& scores, const std::vector<Var<float>>& sampled) {
    Tape<float> tape;
    std::vector<Var<float>> leaves;
    for (Index i = 0; i < steps; ++i) {
        Tensor<float> own(Shape{batch, keys});
        for (Index k = 0; k < batch * keys; ++k)
            own.data()[k] = static_cast<float>(scores[static_cast<std::size_t>(i * batch * keys + k)]);
        leaves.push_back(tape.leaf(std::move(own)));
    }
    const Tensor<float> mask = Tensor<float>::from({batch, keys}, padding);
    const Var<float> loss = reinforce_loss(leaves, sampled, rewards, mask, static_cast<float>(entropy_weight));
    Taught result{static_cast<double>(loss.value().item()), {}};
    if (!loss.tracked()) return result;
    tape.backward(loss);
    for (const Var<float>& leaf : leaves) {
        const Tensor<float> grad = tape.grad(leaf);
        for (const float v : grad.values()) result.gradient.push_back(static_cast<double>(v));
    }
    return result;
}

TEST(GradCheck, ReinforceLossIsItsDefinition) {
    std::vector<double> scores = random_scores();
    const Taught ours = taught(scores, {one_hot(0), one_hot(1)});
    EXPECT_NEAR(ours.loss, defined_loss(scores), 2e-5);
    ASSERT_EQ(ours.gradient.size(), scores.size());
    for (std::size_t k = 0; k < scores.size(); ++k) {
        const double at = scores[k];
        scores[k] = at + 1e-5;
        const double above = defined_loss(scores);
        scores[k] = at - 1e-5;
        const double below = defined_loss(scores);
        scores[k] = at;
        EXPECT_NEAR(ours.gradient[k], (above - below) / 2e-5, 2e-5) << "score " << k;
    }
}

TEST(GradCheck, ReinforceLossLeavesOutStepsThatUsedTheExpectation) {
    const std::vector<double> scores = random_scores();
    Tensor<float> soft = one_hot(1).clone();
    soft.data()[0] = 0.25f;
    soft.data()[drawn[3]] = 0.75f;
    const Taught ours = taught(scores, {one_hot(0), soft});
    double second = 0;
    for (std::size_t k = batch * keys; k < scores.size(); ++k) second += std::abs(ours.gradient[k]);
    EXPECT_EQ(second, 0);
    EXPECT_NE(ours.gradient[0], 0);
    EXPECT_EQ(taught(scores, {soft, soft}).loss, 0) << "nothing was drawn";
}

TEST(GradCheck, AlignmentLossIsItsDefinition) {
    Tape<float> tape;
    const Var<float> weights =
        tape.leaf(Tensor<float>::from({2, 3}, std::vector<float>{0.5f, 0.25f, 0.25f, 0.125f, 0.125f, 0.75f}));
    const std::vector<float> gold = {1, 1, 0, 0, 0, 1};
    const Var<float> loss = alignment_loss({weights}, gold);
    EXPECT_NEAR(static_cast<double>(loss.value().item()), -(std::log(0.75) + std::log(0.75)) / 2, 1e-5);
    tape.backward(loss);
    const Tensor<float> gradient = tape.grad(weights);
    for (Index k = 0; k < 6; ++k)
        EXPECT_NEAR(static_cast<double>(gradient.data()[k]), gold[static_cast<std::size_t>(k)] * -0.5 / 0.75, 1e-5);
}

}  // namespace
}  // namespace saccade::losses_gradcheck_test
