#include <gtest/gtest.h>

#include "gradcheck/gradcheck.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/transformer.hpp"

namespace saccade::transformer_gradcheck_test {
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
    WeightMap map = initial_transformer_weights(design, 6, 5, {.longest = 4, .clip = 1, .buckets = 6}, rng);
    // Key biases move all scores of a row alike: softmax does not see them.
    const Index compared = check_weight_gradients(
        std::move(map), [&](const Weights<double>& weights) { return whole_loss(weights, design); }, 1.0f / 4096, 1e-7,
        "key.bias");
    EXPECT_GT(compared, 200);
}

TEST(GradCheck, TransformerWithEveryPositionCode) {
    for (const auto* codes : {&position_codes(), &other_position_codes()})
        for (const PositionFunction& code : *codes) {
            SCOPED_TRACE(code.id);
            check_model(design_of(code.id, "pre", 5));
        }
}

TEST(GradCheck, TransformerPostNormAndWithoutNormOrFeedForward) {
    check_model(design_of("sinusoidal", "post", 5));
    check_model(design_of("rotary", "none", 0));
}

TEST(GradCheck, TransformerAsOthersBuildThem) {
    TransformerDesign design = design_of("rotary", "pre", 5);
    for (StackDesign* stack : {&design.encoder, &design.decoder}) {
        stack->rms = stack->gated = stack->embedding_norm = true;
        stack->bias = stack->feed_forward_bias = stack->scaled_embedding = false;
        stack->activation = "silu";
        stack->norm_epsilon = 1e-3;
        stack->groups = 1;
        stack->d_head = 6;
        stack->query_key_norm = true;
        stack->scaled_scores = false;
    }
    check_model(design);
    design.encoder.parallel = true;
    design.encoder.window = 2;
    check_model(design);
}

TEST(GradCheck, RotaryTurn) {
    check_gradients([](const std::vector<Var<double>>& in) { return rotary_turned(in[0], 3); }, {random_tensor({2, 3, 4}, 1)});
    const auto theta = Tensor<double>::from({2}, {0.7, 0});
    check_gradients([&](const std::vector<Var<double>>& in) { return rotary_turned(in[0], 3, theta); },
                    {random_tensor({2, 3, 4}, 1)});
}

}  // namespace
}  // namespace saccade::transformer_gradcheck_test
