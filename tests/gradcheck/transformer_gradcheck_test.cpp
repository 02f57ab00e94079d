#include <gtest/gtest.h>

#include <cmath>

#include "gradcheck/gradcheck.hpp"
#include "model/transformer.hpp"

namespace saccade {
namespace {

/// Smoothed cross-entropy of a padded batch of two: everything that training differentiates.
Var<double> whole_loss(const Weights<double>& weights, const TransformerDesign& design) {
    const Transformer<double> model(weights, design);
    const std::vector<Ids> sources = {{2, 3, 4, 1}, {5, 0}};
    const Ids targets = {0, 1, 3, 2, 3, 3};
    const std::vector<double> counts = {1, 1, 1, 1, 1, 0};
    StackCall<double> call;
    call.radius = 2;
    const Var<double> logits = model.forced(model.encode(PaddedSources::from(sources), call), targets, 3);
    return cross_entropy<double>(reshape(logits, {6, model.classes()}), targets, counts, 0.1);
}

TransformerDesign design_of(const std::string& position, const std::string& norm, Index d_ff) {
    StackDesign encoder{
        .layers = 1, .heads = 2, .d_model = 4, .d_ff = d_ff, .norm = norm, .activation = "gelu", .position = position};
    StackDesign decoder = encoder;
    decoder.causal = decoder.cross = true;
    return {encoder, decoder};
}

/// Compares the gradient of every weight.
void check_model(const TransformerDesign& design) {
    Rng rng(3);
    WeightMap map = initial_transformer_weights(design, 6, 5, {.longest = 4, .clip = 1}, rng);
    // Weights and steps are multiples of 2^-12, so that a changed weight is exact in float too.
    for (auto& [name, tensor] : map)
        for (float& v : tensor.values()) v = std::round((v == 0 ? 0.1f : v) * 4096) / 4096;
    const auto loss_value = [&] { return whole_loss(Weights<double>(map), design).value().item(); };
    Tape<double> tape;
    const Weights<double> weights(map, &tape);
    tape.backward(whole_loss(weights, design));
    Index compared = 0;
    for (const auto& [name, leaf] : weights.leaves()) {
        const Tensor<double> gradient = tape.grad(leaf);
        bool moves = name.find("key.bias") != std::string::npos;  // moves all scores of a row alike: softmax does not see it
        for (Index i = 0; i < gradient.size(); ++i, ++compared) {
            float& w = map.at(name).data()[i];
            const float at = w;
            const auto difference = [&](float h) {
                w = at + h;
                const double above = loss_value();
                w = at - h;
                const double below = loss_value();
                w = at;
                return (above - below) / (2 * static_cast<double>(h));
            };
            // Richardson: the two steps together leave an error of the fourth order.
            const double numeric = (4 * difference(1.0f / 4096) - difference(1.0f / 2048)) / 3;
            ASSERT_NEAR(gradient.data()[i], numeric, 1e-7) << name << " element " << i;
            moves = moves || std::abs(gradient.data()[i]) > 1e-6;
        }
        EXPECT_TRUE(moves) << name << " has no gradient at all";
    }
    EXPECT_GT(compared, 200);
}

TEST(GradCheck, TransformerWithEveryPositionCode) {
    for (const PositionFunction& code : position_codes()) {
        SCOPED_TRACE(code.id);
        check_model(design_of(code.id, "pre", 5));
    }
}

TEST(GradCheck, TransformerPostNormAndWithoutNormOrFeedForward) {
    check_model(design_of("sinusoidal", "post", 5));
    check_model(design_of("rotary", "none", 0));
}

TEST(GradCheck, RotaryTurn) {
    check_gradients([](const std::vector<Var<double>>& in) { return rotary_turned(in[0], 3); }, {random_tensor({2, 3, 4}, 1)});
}

}  // namespace
}  // namespace saccade
