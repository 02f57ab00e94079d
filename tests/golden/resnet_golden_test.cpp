#include <gtest/gtest.h>

#include "attention/channel_cbam.hpp"
#include "attention/channel_se.hpp"
#include "attention/spatial_cbam.hpp"
#include "golden/golden_testing.hpp"
#include "model/resnet.hpp"

// Squeeze-and-excitation, CBAM and whole residual networks against float64 PyTorch; files by make_resnet_golden.py.

namespace saccade {
namespace {

using Golden = std::map<std::string, NpyArray>;

/// Weights have a '.' in their names, nothing else has.
WeightMap weights_of(const Golden& golden, const std::string& prefix) {
    WeightMap weights;
    for (const auto& [entry, values] : golden)
        if (entry.starts_with(prefix) && entry.find('.') != std::string::npos && entry.find("output:") == std::string::npos)
            weights.emplace(entry.substr(prefix.size()), values.cast<float>());
    return weights;
}

TEST(BlockAttentionGolden, every_point_of_se_and_cbam) {
    const Golden golden = read_golden("block_attention");
    for (const std::string id : {"se", "cbam"})
        for (const std::string size : {"0", "1", "2"}) {
            const std::string prefix = id + size + ":";
            SCOPED_TRACE(prefix);
            const WeightMap map = weights_of(golden, prefix);
            const Weights<float> weights(map);
            const auto attention = make_block_attention<float>(
                block_attention(id), [&](const std::string& parameter) { return weights.get(parameter); });
            std::size_t points = 0;
            (*attention)(golden.at(prefix + "given").cast<float>(), [&](std::string_view point, Var<float> value) {
                expect_close(std::string(point), value.value(), golden.at(prefix + std::string(point)));
                ++points;
                return value;
            });
            EXPECT_EQ(points, id == "se" ? 5u : 12u);
        }
}

class ResNetGolden : public testing::TestWithParam<const char*> {
 protected:
    ResNetGolden() : golden(read_golden("resnet_" + std::string(GetParam()))), weights(weights_of(golden, "")) {
        design.widths = {4, 6, 8};
        design.attention = GetParam();
        design.classes = {"a", "b", "c", "d", "e"};
        x = golden.at("x").cast<float>();
    }

    Golden golden;
    WeightMap weights;
    ResNetDesign design;
    Tensor<float> x;
};

TEST_P(ResNetGolden, logits_and_every_point_of_a_block) {
    const ResNet<float> network(Weights<float>(weights), design);
    std::size_t points = 0;
    const auto looked = network(x, [&](Index block, std::string_view point, Var<float> value) {
        if (point == "output") {
            const Tensor<float> mean = global_mean_pool(value).value();
            expect_close("output of " + design.block_name(block), mean, golden.at("output:" + design.block_name(block)));
        }
        if (const auto found = golden.find(std::string(point)); block == 7 && found != golden.end()) {
            expect_close(found->first, value.value(), found->second);
            ++points;
        }
        return value;
    });
    const std::map<std::string, std::size_t> expected = {{"none", 2}, {"se", 7}, {"cbam", 14}};
    EXPECT_EQ(points, expected.at(GetParam()));
    expect_close("logits, looked at", looked.value(), golden.at("logits"));
    expect_close("logits", network(x).value(), golden.at("logits"));
}

TEST_P(ResNetGolden, with_statistics_of_the_batch) {
    StatisticsMap<float> seen;
    const auto network = ResNet<float>::training(Weights<float>(weights), design, &seen);
    expect_close("logits", network(x).value(), golden.at("training_logits"));
    EXPECT_EQ(seen.size(), 19u);
}

TEST_P(ResNetGolden, grad_cam) {
    const ResNet<float> network(Weights<float>(weights), design);
    const Var<float> output = network.run_blocks(0, 8, network.stem(x.rows(0, 1)));
    const GradCam<float> cam = grad_cam(network, 7, output.value(), 2);
    expect_close("alpha", cam.alpha, golden.at("grad_cam_alpha"));
    expect_close("map", cam.map, golden.at("grad_cam_map"));
    EXPECT_THROW(grad_cam(network, 7, output.value(), 5), Error);
}

INSTANTIATE_TEST_SUITE_P(Networks, ResNetGolden, testing::Values("none", "se", "cbam"));

}  // namespace
}  // namespace saccade
