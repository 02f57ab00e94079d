#include "attention/context.hpp"
#include "attention/mask.hpp"
#include "attention/score_additive.hpp"
#include "gradcheck/gradcheck.hpp"
#include "nn/gru.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"
#include "nn/lstm.hpp"

namespace saccade {
namespace {

using V = std::vector<Var<double>>;

TEST(GradCheck, Linear) {
    check_gradients(
        [](const V& x) {
            return Linear<double>{x[1], x[2]}(x[0]);
        },
        {random_tensor({2, 4}, 1), random_tensor({3, 4}, 2), random_tensor({3}, 3)});
}

TEST(GradCheck, LayerNormLayer) {
    check_gradients(
        [](const V& x) {
            return LayerNorm<double>{x[1], x[2]}(x[0]);
        },
        {random_tensor({2, 4}, 1), random_tensor({4}, 2), random_tensor({4}, 3)});
}

/// Inputs of a recurrent cell of 2 units on 3 rows: projected input, state (and cell), hidden weight and bias.
std::vector<Tensor<double>> gru_inputs() {
    return {random_tensor({3, 6}, 1), random_tensor({3, 2}, 2), random_tensor({6, 2}, 3), random_tensor({6}, 4)};
}

std::vector<Tensor<double>> lstm_inputs() {
    return {random_tensor({3, 8}, 1), random_tensor({3, 2}, 2), random_tensor({8, 2}, 3), random_tensor({8}, 4),
            random_tensor({3, 2}, 5)};
}

const std::vector<double> middle_row_carried{1, 0, 1};

TEST(GradCheck, GruStep) {
    const auto step = [](const V& x, std::span<const double> mask) {
        return gru_step(GruCell<double>{{}, x[2], {}, x[3]}, x[0], x[1], mask).state;
    };
    check_gradients([&](const V& x) { return step(x, {}); }, gru_inputs());
    check_gradients([&](const V& x) { return step(x, middle_row_carried); }, gru_inputs());
}

TEST(GradCheck, GruSequence) {
    // The same cell over three steps: gradients of weights and of the state add up along the way.
    check_gradients(
        [](const V& x) {
            const GruCell<double> cell{{}, x[2], {}, x[3]};
            Var<double> h = x[1];
            for (int t = 0; t < 3; ++t)
                h = gru_step(cell, x[0], h, t == 1 ? std::span<const double>(middle_row_carried) : std::span<const double>())
                        .state;
            return add(h, x[1]);
        },
        gru_inputs());
}

TEST(GradCheck, LstmStep) {
    const auto step = [](const V& x, std::span<const double> mask, bool state) {
        const LstmStep<double> s = lstm_step(LstmCell<double>{{}, x[2], {}, x[3]}, x[0], x[1], x[4], mask);
        return state ? s.state : s.cell;
    };
    for (const bool state : {true, false}) {
        check_gradients([&](const V& x) { return step(x, {}, state); }, lstm_inputs());
        check_gradients([&](const V& x) { return step(x, middle_row_carried, state); }, lstm_inputs());
    }
}

TEST(GradCheck, LstmSequence) {
    check_gradients(
        [](const V& x) {
            const LstmCell<double> cell{{}, x[2], {}, x[3]};
            Var<double> h = x[1], c = x[4];
            for (int t = 0; t < 3; ++t) {
                const LstmStep<double> s = lstm_step(
                    cell, x[0], h, c, t == 1 ? std::span<const double>(middle_row_carried) : std::span<const double>());
                h = s.state;
                c = s.cell;
            }
            return mul(h, c);
        },
        lstm_inputs());
}

TEST(GradCheck, AdditiveScores) {
    const auto scores = [](const V& x) { return additive_scores(x[0], x[1], x[2]); };
    check_gradients(scores, {random_tensor({2, 5}, 1), random_tensor({2, 3, 5}, 2), random_tensor({5}, 3)});
    check_gradients(scores, {random_tensor({2, 4, 5}, 1), random_tensor({2, 3, 5}, 2), random_tensor({5}, 3)});
}

TEST(GradCheck, Context) {
    const auto read = [](const V& x) { return context(x[0], x[1]); };
    check_gradients(read, {random_tensor({2, 3}, 1), random_tensor({2, 3, 4}, 2)});
    check_gradients(read, {random_tensor({2, 5, 3}, 1), random_tensor({2, 3, 4}, 2)});
}

TEST(GradCheck, AdditiveAttentionOverPaddedKeys) {
    const Ids lengths{3, 1};
    const Tensor<double> mask = padding_mask<double>(lengths, 3);
    check_gradients(
        [&](const V& x) {
            Var<double> total = x[0];
            for (int step = 0; step < 2; ++step) {
                const Var<double> weights = softmax(additive_scores(total, x[1], x[2]), mask);
                total = tanh(add(total, context(weights, x[1])));
            }
            return total;
        },
        {random_tensor({2, 4}, 1), random_tensor({2, 3, 4}, 2), random_tensor({4}, 3)});
}

}  // namespace
}  // namespace saccade
