#include <gtest/gtest.h>

#include <cmath>

#include "autograd/ops.hpp"
#include "model/seq2seq.hpp"

namespace saccade {
namespace {

/// Cross-entropy and a loss on the weights of a padded batch of three: everything that training differentiates.
Var<double> whole_loss(const Weights<double>& weights) {
    const Seq2Seq<double> model(weights);
    const std::vector<Ids> sources = {{2, 3, 4, 1}, {5}, {4, 4, 2}};
    const Ids targets = {0, 1, 2, 3, 0, 1};
    const auto forced = model.forced(model.encode(PaddedSources::from(sources)), targets, 2);
    const Var<double> all = concat<double>(forced.weights, 0);
    Tensor<double> gold(all.shape());
    for (Index i = 0; i < gold.size(); i += 4) gold.data()[i] = 1;
    const Var<double> mass = sum(mul(all, Var<double>(gold)), 1);
    return sub(cross_entropy<double>(forced.logits, targets), scale(sum_all(log(add_scalar(mass, 1e-6))), 0.1));
}

double loss_value(const WeightMap& map) {
    return whole_loss(Weights<double>(map)).value().item();
}

TEST(GradCheck, Seq2SeqLoss) {
    Rng rng(3);
    WeightMap map = initial_seq2seq_weights({6, 5, 2, 2, 3, 3}, rng);
    // Weights and steps are multiples of 2^-12, so that a changed weight is exact in float too.
    for (auto& [name, tensor] : map)
        for (float& v : tensor.values()) v = std::round((v == 0 ? 0.1f : v) * 4096) / 4096;

    Tape<double> tape;
    const Weights<double> weights(map, &tape);
    tape.backward(whole_loss(weights));
    Index compared = 0;
    for (const auto& [name, leaf] : weights.leaves()) {
        const Tensor<double> gradient = tape.grad(leaf);
        for (Index i = 0; i < gradient.size(); ++i) {
            float& w = map.at(name).data()[i];
            const float at = w;
            const auto difference = [&](float h) {
                w = at + h;
                const double above = loss_value(map);
                w = at - h;
                const double below = loss_value(map);
                w = at;
                return (above - below) / (2 * static_cast<double>(h));
            };
            // Richardson: the two steps together leave an error of the fourth order.
            const double numeric = (4 * difference(1.0f / 512) - difference(1.0f / 256)) / 3;
            ASSERT_NEAR(gradient.data()[i], numeric, 1e-7) << name << " element " << i;
            ++compared;
        }
    }
    EXPECT_GT(compared, 250);
}

}  // namespace
}  // namespace saccade
