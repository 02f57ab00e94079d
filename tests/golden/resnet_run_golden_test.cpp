#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"
#include "model/resnet_run.hpp"

// The bundled CIFAR-10 networks with one block shown whole, against torch.nn.functional in float64: make_resnet_run_golden.py,
// whose cases these are.

namespace saccade::resnet_run_golden_test {
namespace {

struct Case {
    const char *file, *model;
    Index block;
    std::size_t tensors;
};

TEST(ResNetRunGolden, agrees_within_1e_5) {
    for (const Case& c : {Case{"resnet_run_none", "cifar-resnet20", 8, 12}, Case{"resnet_run_se", "cifar-se-resnet20", 6, 25},
                          Case{"resnet_run_cbam", "cifar-cbam-resnet20", 4, 40}}) {
        const auto golden = read_golden(c.file);
        ResNetRequest request;
        request.picture = golden.at("input").cast<float>();
        request.block = c.block;
        request.grad_cam = true;
        Probe probe({}, {});
        probe.axis({"color", AxisKind::channel, 3, {"R", "G", "B"}, "k"});
        run_resnet(bundled_model(c.model), request, Observer(probe));
        expect_golden(probe.finish(), c.file, c.tensors);
    }
}

}  // namespace
}  // namespace saccade::resnet_run_golden_test
