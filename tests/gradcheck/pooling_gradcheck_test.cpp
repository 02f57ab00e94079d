#include "attention/context.hpp"
#include "attention/pooling_gate.hpp"
#include "attention/pooling_max.hpp"
#include "gradcheck/gradcheck.hpp"
#include "model/date_questions.hpp"

namespace saccade::pooling_gradcheck_test {
namespace {

using V = std::vector<Var<double>>;

TEST(GradCheck, PoolMax) {
    const std::vector<Index> lengths = {3, 1};
    check_gradients([](const V& x) { return pool_max(x[0]).pooled; }, {random_tensor({2, 3, 4}, 1)});
    check_gradients([&](const V& x) { return pool_max(x[0], std::span<const Index>(lengths)).pooled; },
                    {random_tensor({2, 3, 4}, 2)});
}

TEST(GradCheck, GateWeights) {
    const std::vector<Index> lengths = {3, 1};
    check_gradients([](const V& x) { return gate_weights(sigmoid(x[0])); }, {random_tensor({2, 3}, 1)});
    check_gradients([&](const V& x) { return context(gate_weights(sigmoid(x[0]), std::span<const Index>(lengths)), x[1]); },
                    {random_tensor({2, 3}, 1), random_tensor({2, 3, 4}, 2)});
}

/// Everything that training differentiates, on a padded batch of two.
Var<double> date_questions_loss(const Weights<double>& weights) {
    const DateQuestions<double> model(weights);
    const std::vector<Ids> texts = {{2, 3, 1, 4}, {3, 1}};
    const auto result = model.answer(PaddedTexts::from(texts));
    const Ids answers = {0, 3, 1, 2, 4, 0};
    Var<double> loss = sum_all(mul(result.focus_weights, result.focus_weights));
    for (const Var<double>* logits : {&result.focus, &result.max, &result.gate})
        loss = add(loss, cross_entropy<double>(reshape(*logits, {6, 5}), answers));
    return loss;
}

TEST(GradCheck, DateQuestionsLoss) {
    Rng rng(3);
    const WeightMap map = initial_date_questions_weights({5, 3, 5, 3, 2, 3, 2, 4}, rng);
    Tape<double> tape;
    const Weights<double> weights(map, &tape);
    tape.backward(date_questions_loss(weights));
    constexpr double h = 1e-3;
    int tracked = 0;
    for (const auto& [name, leaf] : weights.leaves()) {
        const Tensor<double> gradient = tape.grad(leaf);
        for (Index i = 0; i < gradient.size(); i += 3) {
            // The step is one that float32 weights hold exactly enough; what it really was is read back.
            WeightMap above = map, below = map;
            above[name] = map.at(name).clone();
            below[name] = map.at(name).clone();
            above[name].data()[i] += static_cast<float>(h);
            below[name].data()[i] -= static_cast<float>(h);
            const double moved = static_cast<double>(above[name].data()[i]) - static_cast<double>(below[name].data()[i]);
            const double numeric = (date_questions_loss(Weights<double>(above)).value().item() -
                                    date_questions_loss(Weights<double>(below)).value().item()) /
                                   moved;
            const double exact = gradient.data()[i];
            EXPECT_NEAR(exact, numeric, 1e-4 * std::max(1.0, std::abs(numeric))) << name << " " << i;
            tracked += std::abs(exact) > 1e-6 ? 1 : 0;
        }
    }
    EXPECT_GT(tracked, 50);
}

}  // namespace
}  // namespace saccade::pooling_gradcheck_test
