#include <gtest/gtest.h>

#include <cmath>

#include "autograd/ops.hpp"
#include "gradcheck/gradcheck.hpp"
#include "gradcheck/weight_gradcheck.hpp"
#include "model/clip_describer.hpp"

namespace saccade::clip_gradcheck_test {
namespace {

/// Everything that training differentiates: two clips of two frames, norms with the batch's own statistics, and words.
Var<double> clip_loss(const Weights<double>& weights, const ClipDesign& design) {
    const ClipDescriber<double> model(weights, design);
    const auto encoded = model.encode(random_tensor({2, 2, 48, 48, 3}, 4, 0, 1));
    const Ids languages = {5, 6}, targets = {0, 1, 2, 3, 4, 4};
    const auto forced = model.forced(encoded, languages, targets, 3);
    Var<double> looked = forced.weights.front();
    for (std::size_t t = 1; t < forced.weights.size(); ++t) looked = add(looked, forced.weights[t]);
    return add(cross_entropy<double>(forced.logits, targets), scale(sum_all(mul(looked, looked)), 0.1));
}

void check_describer(bool places) {
    Rng rng(3);
    ClipSizes sizes;
    sizes.vocabulary = 7;
    sizes.embedding = sizes.state = sizes.attention = sizes.frame = 2;
    const ClipDesign design = clip_design(places);
    std::vector<CaptionLayer> layers = clip_layers();
    for (CaptionLayer& layer : layers) layer = {2, layer.shift > 0 ? 3 : 1, layer.stride, layer.shift};
    WeightMap map = initial_clip_weights(sizes, places, rng);
    // Smaller pictures' networks: the sizes of what follows them change with them.
    for (const auto& [name, tensor] : WeightMap(map))
        if (name.starts_with("encoder.conv") || name.starts_with("encoder.norm")) map.erase(name);
    add_caption_encoder_weights(map, rng, layers, clip_channels);
    const Index features = 2 + place_features, annotation = (places ? features : sizes.frame) + time_features;
    const auto put = [&](const std::string& name, const Shape& shape) {
        Rng own = rng.fork(name);
        map[name] = Tensor<float>(shape);
        for (float& v : map[name].values()) v = static_cast<float>(own.normal() * 0.5);
    };
    if (!places) put("encoder.join.weight", {sizes.frame, features});
    if (!places)  // no unit of the relu is dead
        for (float& v : map["encoder.join.weight"].values()) v = std::abs(v);
    for (const char* name : {"decoder.initial.weight", "decoder.initial_cell.weight"}) put(name, {sizes.state, annotation});
    put("attention.key_weight", {sizes.attention, annotation});
    put("decoder.context_weight", {4 * sizes.state, annotation});
    put("readout.context_weight", {sizes.embedding, annotation});
    const Index compared = check_weight_gradients(
        std::move(map), [&](const Weights<double>& weights) { return clip_loss(weights, design); }, 1.0f / (1 << 18), 2e-6);
    EXPECT_GT(compared, 200);
}

TEST(GradCheck, ClipDescriberOverTime) {
    check_describer(false);
}

TEST(GradCheck, ClipDescriberOverTimeAndSpace) {
    check_describer(true);
}

}  // namespace
}  // namespace saccade::clip_gradcheck_test
