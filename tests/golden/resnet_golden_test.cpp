#include <gtest/gtest.h>

#include "attention/channel_cbam.hpp"
#include "attention/channel_se.hpp"
#include "attention/spatial_cbam.hpp"
#include "autograd/ops.hpp"
#include "golden/golden_testing.hpp"
#include "model/resnet.hpp"

// Squeeze-and-excitation, CBAM and whole residual networks against float64 PyTorch; files by make_resnet_golden.py.

namespace saccade::resnet_golden_test {
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

/// [C, H, W] -> [H, W, C]
Tensor<float> channels_last(const Tensor<float>& planes) {
    const Index c = planes.shape()[0], h = planes.shape()[1], w = planes.shape()[2];
    return transpose(Var<float>(planes.reshape({c, h * w})), 0, 1).value().reshape({h, w, c});
}

/// What `compute` shows of each picture of x [N, H, W, C], stacked: [N, ...], feature maps as the network has them.
template <class Compute>
std::map<std::string, Tensor<float>> shown(const Tensor<float>& x, const Compute& compute) {
    std::map<std::string, Tensor<float>> all;
    for (Index n = 0; n < x.shape()[0]; ++n) {
        Probe probe({}, {});
        compute(Var<float>(x.rows(n, 1)), probe);
        for (const ShownRun::One& one : probe.take().tensors) {
            const Tensor<float> values = one.site.channels_last ? channels_last(one.values) : one.values.whole();
            auto [entry, fresh] = all.try_emplace(one.site.name);
            if (fresh) entry->second = Tensor<float>(values.shape().with_inserted(0, x.shape()[0]));
            std::ranges::copy(values.values(), entry->second.row(n).values().begin());
        }
    }
    return all;
}

TEST(BlockAttentionGolden, every_tensor_of_se_and_cbam) {
    const Golden golden = read_golden("block_attention");
    for (const std::string id : {"se", "cbam"})
        for (const std::string size : {"0", "1", "2"}) {
            const std::string prefix = id + size + ":";
            SCOPED_TRACE(prefix);
            const WeightMap map = weights_of(golden, prefix);
            const Weights<float> weights(map);
            const auto attention = make_block_attention<float>(
                block_attention(id), [&](const std::string& parameter) { return weights.get(parameter); });
            const auto points = shown(golden.at(prefix + "given").cast<float>(),
                                      [&](const Var<float>& x, Probe& probe) { (*attention)(x, Observer(probe)); });
            for (const auto& [point, values] : points) expect_close(point, values, golden.at(prefix + point));
            EXPECT_EQ(points.size(), id == "se" ? 5u : 12u);
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

TEST_P(ResNetGolden, logits_and_every_tensor_of_a_block) {
    const ResNet<float> network(Weights<float>(weights), design);
    const auto points = shown(x, [&](const Var<float>& picture, Probe& probe) {
        network(picture, [&](Index block) { return Observer(probe, design.block_name(block) + "."); });
    });
    std::size_t compared = 0;
    for (Index block = 0; block < design.block_count(); ++block) {
        const std::string name = design.block_name(block);
        const Tensor<float> mean = global_mean_pool(Var<float>(points.at(name + ".output"))).value();
        expect_close("output of " + name, mean, golden.at("output:" + name));
    }
    for (const auto& [name, values] : points) {
        const std::string block = design.block_name(7) + ".";
        const auto found = name.starts_with(block) ? golden.find(name.substr(block.size())) : golden.end();
        if (found == golden.end()) continue;
        expect_close(name, values, found->second);
        ++compared;
    }
    const std::map<std::string, std::size_t> expected = {{"none", 2}, {"se", 7}, {"cbam", 14}};
    EXPECT_EQ(compared, expected.at(GetParam()));
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
    Tape<float> tape;
    const Var<float> output = tape.leaf(network.run_blocks(0, 8, network.stem(x.rows(0, 1))).value());
    const Var<float> logits = network.logits(network.run_blocks(8, 9, output));
    const GradCam cam = grad_cam(design, 7, tape, output, logits, 2);
    expect_close("alpha", cam.alpha, golden.at("grad_cam_alpha"));
    const Tensor<float> sum = relu(Var<float>(cam.sum)).value();
    expect_close("sum", sum, golden.at("grad_cam_map"));
    const float peak = *std::ranges::max_element(sum.values());
    ASSERT_GT(peak, 0);
    for (Index i = 0; i < sum.size(); ++i) EXPECT_NEAR(cam.map.data()[i], sum.data()[i] / peak, 1e-6) << i;
    EXPECT_THROW(grad_cam(design, 7, tape, output, logits, 5), Error);
}

INSTANTIATE_TEST_SUITE_P(Networks, ResNetGolden, testing::Values("none", "se", "cbam"));

}  // namespace
}  // namespace saccade::resnet_golden_test
