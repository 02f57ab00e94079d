#include "attention/align.hpp"
#include "attention/context.hpp"
#include "attention/mask.hpp"
#include "attention/score.hpp"
#include "attention/score_additive.hpp"
#include "gradcheck/gradcheck.hpp"
#include "nn/elman.hpp"
#include "nn/gru.hpp"
#include "nn/linear.hpp"
#include "nn/lstm.hpp"
#include "nn/norm.hpp"

namespace saccade::layers_gradcheck_test {
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
            return Norm<double>{x[1], x[2]}(x[0]);
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

TEST(GradCheck, ElmanStep) {
    const auto step = [](const V& x, std::span<const double> mask) {
        return elman_step(ElmanCell<double>{{}, x[2], {}, x[3]}, x[0], x[1], mask);
    };
    const std::vector<Tensor<double>> inputs = {random_tensor({3, 2}, 1), random_tensor({3, 2}, 2), random_tensor({2, 2}, 3),
                                                random_tensor({2}, 4)};
    check_gradients([&](const V& x) { return step(x, {}); }, inputs);
    check_gradients([&](const V& x) { return step(x, middle_row_carried); }, inputs);
    // Three steps by the same cell, and the state used again after them.
    check_gradients(
        [&](const V& x) {
            return add(step({x[0], step({x[0], step(x, {}), x[2], x[3]}, middle_row_carried), x[2], x[3]}, {}), x[1]);
        },
        inputs);
}

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

/// Query, keys and scores of a score function from states [2, 4], annotations [2, 3, 4] and its parameters.
TEST(GradCheck, EveryScoreFunction) {
    for (const ScoreFunction& function : score_functions()) {
        SCOPED_TRACE(function.id);
        const std::vector<FunctionParameter> parameters = function.parameters({4, 4, 5, 6});
        std::vector<Tensor<double>> inputs{random_tensor({2, 4}, 1), random_tensor({2, 3, 4}, 2)};
        for (const FunctionParameter& p : parameters) inputs.push_back(random_tensor(p.shape, inputs.size() + 1));
        check_gradients(
            [&](const V& x) {
                const auto score = make_score<double>(function, [&](const std::string& name) {
                    for (std::size_t p = 0; p < parameters.size(); ++p)
                        if (parameters[p].name == name) return x[p + 2];
                    throw std::logic_error(name);
                });
                // Location scores look at no annotation; the sum keeps a path to all inputs.
                const Var<double> scores = score->scores(score->query(x[0]), score->keys(x[1]));
                return add(scores, scale(sum(x[1], 2), 0.5));
            },
            inputs);
    }
}

TEST(GradCheck, AlignSoftmax) {
    const Ids lengths{3, 1};
    for (const double temperature : {0.3, 1.0, 4.0})
        for (const Tensor<double>& mask : {Tensor<double>{}, padding_mask<double>(lengths, 3)})
            check_gradients([&](const V& x) { return align_softmax(x[0], mask, temperature); }, {random_tensor({2, 3}, 1)});
}

TEST(GradCheck, EveryAlignmentOfScoresAlone) {
    const Ids lengths{5, 2};
    for (const AlignFunction& function : align_functions()) {
        if (!function.scores_alone() || !function.trainable || function.samples) continue;
        for (const double temperature : {0.3, 1.0, 4.0})
            for (const Tensor<double>& mask : {Tensor<double>{}, padding_mask<double>(lengths, 5)}) {
                SCOPED_TRACE(function.id);
                const auto align = make_align<double>({function.id, temperature});
                check_gradients([&](const V& x) { return (*align)({.scores = x[0], .mask = mask}).weights; },
                                {random_tensor({2, 5}, 1, -2, 2)});
            }
    }
}

TEST(GradCheck, LocalPWithPredictedCentres) {
    const Tensor<double> lengths = Tensor<double>::from({2}, std::vector<double>{4, 2});
    const Ids padded{4, 2};
    for (const double temperature : {0.5, 1.0})
        check_gradients(
            [&](const V& x) {
                const Var<double> centres = predicted_centres(x[1], x[2], x[3], lengths);
                // A window of 9 has every key; its edge has no gradient.
                return align_local_p(x[0], centres, padding_mask<double>(padded, 4), 9, temperature);
            },
            {random_tensor({2, 4}, 1), random_tensor({2, 3}, 2), random_tensor({5, 3}, 3), random_tensor({5}, 4)});
}

TEST(GradCheck, LocalPWithinItsWindow) {
    // Centres well inside a window: a difference does not move a key over its edge.
    check_gradients(
        [](const V& x) {
            const Tensor<double> window = local_mask<double>(std::span<const double>(x[1].value().values()), 5, 1.4);
            return align_local_p(x[0], x[1], window, 1.4);
        },
        {random_tensor({2, 5}, 1), Tensor<double>::from({2}, std::vector<double>{1.2, 3.1})});
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
}  // namespace saccade::layers_gradcheck_test
