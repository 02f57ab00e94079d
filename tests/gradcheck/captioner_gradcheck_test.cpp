#include <gtest/gtest.h>

#include "attention/channel_sca.hpp"
#include "attention/spatial_sca.hpp"
#include "autograd/ops.hpp"
#include "gradcheck/gradcheck.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/captioner.hpp"

namespace saccade::captioner_gradcheck_test {
namespace {

TEST(GradCheck, SpatialSca) {
    // state, features, W_s, b_s, W_hs, W_i, b_i
    check_gradients(
        [](const std::vector<Var<double>>& v) {
            const SpatialSca<double> sca{v[2], {v[4], v[3], {}}, v[5], v[6]};
            return weighted_locations(v[1], softmax(sca.scores(sca.query(v[0], {}), sca.keys(v[1]), false)));
        },
        {random_tensor({2, 3}, 1), random_tensor({2, 4, 5}, 2), random_tensor({6, 5}, 3), random_tensor({6}, 4),
         random_tensor({6, 3}, 5), random_tensor({6}, 6), random_tensor({1}, 7)});
}

TEST(GradCheck, ChannelSca) {
    // state, features, W_c, b_c, W_hc, W_i', b_i'
    check_gradients(
        [](const std::vector<Var<double>>& v) {
            const ChannelSca<double> sca{v[2], {v[4], v[3], {}}, v[5], v[6]};
            return weighted_channels(v[1], sca.gate(mean(v[1], 1), v[0], {}));
        },
        {random_tensor({2, 3}, 1), random_tensor({2, 4, 5}, 2), random_tensor({6}, 3), random_tensor({6}, 4),
         random_tensor({6, 3}, 5), random_tensor({6}, 6), random_tensor({1}, 7)});
}

/// Everything that training differentiates: two pictures, norms with the batch's own statistics, words and doubly stochastic
/// maps.
Var<double> whole_loss(const Weights<double>& weights, const CaptionerDesign& design) {
    const Captioner<double> model(weights, design);
    const auto encoded = model.encode(Var<double>(random_tensor({2, 16, 24, 3}, 4, 0, 1)));
    const Ids languages = {5, 6}, targets = {0, 1, 2, 3, 4, 4};
    const auto forced = model.forced(encoded, languages, targets, 3);
    Var<double> coverage = forced.steps.front().policy;
    for (std::size_t t = 1; t < forced.steps.size(); ++t) coverage = add(coverage, forced.steps[t].policy);
    return add(cross_entropy<double>(forced.logits, targets), scale(sum_all(mul(coverage, coverage)), 0.1));
}

void check_captioner(const CaptionerDesign& design) {
    Rng rng(3);
    CaptionerSizes sizes;
    sizes.vocabulary = 7;
    sizes.embedding = sizes.state = sizes.attention = sizes.channel = 2;
    std::vector<CaptionLayer> layers = caption_layers();
    for (CaptionLayer& layer : layers) layer = {2, layer.kernel > 3 || layer.shift > 0 ? 3 : 1, layer.stride, layer.shift};
    sizes.annotation = 2 + place_features;
    WeightMap map = initial_captioner_weights(sizes, design, rng);
    add_caption_encoder_weights(map, rng, layers);
    const Index compared = check_weight_gradients(
        std::move(map), [&](const Weights<double>& weights) { return whole_loss(weights, design); }, 1.0f / (1 << 18), 2e-6,
        "bias");  // steps so small that no unit crosses its kink; b_i moves all scores alike
    EXPECT_GT(compared, 250);
}

TEST(GradCheck, CaptionerLoss) {
    check_captioner({});
}

TEST(GradCheck, CaptionerLossWithChannels) {
    for (const bool channel_first : {true, false}) {
        SCOPED_TRACE(channel_first ? "channel-spatial" : "spatial-channel");
        CaptionerDesign design = captioner_design("sca");
        design.channel_first = channel_first;
        check_captioner(design);
    }
}

}  // namespace
}  // namespace saccade::captioner_gradcheck_test
