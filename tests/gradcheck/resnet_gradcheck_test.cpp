#include <gtest/gtest.h>

#include "autograd/ops.hpp"
#include "gradcheck/gradcheck.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/resnet.hpp"

namespace saccade::resnet_gradcheck_test {
namespace {

/// Everything that training differentiates: two pictures, norms with the batch's own statistics, smoothed cross-entropy.
Var<double> whole_loss(const Weights<double>& weights, const ResNetDesign& design) {
    Tensor<double> x(Shape{2, 5, 6, 3});
    Rng rng(11);
    for (double& v : x.values()) v = rng.normal();
    const auto network = ResNet<double>::training(weights, design);
    const Ids targets = {2, 0};
    return cross_entropy<double>(network(x), targets, {}, 0.1);
}

TEST(GradCheck, ResidualNetworkWithEveryAttention) {
    for (const BlockAttentionKind& kind : block_attentions()) {
        SCOPED_TRACE(kind.id);
        ResNetDesign design;
        design.blocks = 1;
        design.widths = {2, 4};
        design.attention = kind.id;
        design.reduction = 2;
        design.kernel = 3;
        design.classes = {"a", "b", "c"};
        Rng rng(5);
        const WeightMap fresh = initial_resnet_weights(design, rng);
        const Index compared = check_weight_gradients(
            fresh, [&](const Weights<double>& weights) { return whole_loss(weights, design); }, 1.0f / (1 << 18),
            1e-6);  // steps so small that no unit crosses its kink
        EXPECT_GT(compared, 350);
    }
}

}  // namespace
}  // namespace saccade::resnet_gradcheck_test
