#include <gtest/gtest.h>

#include "base/base64.hpp"
#include "golden/golden_testing.hpp"
#include "image/image.hpp"

// The bundled captioners against float64 PyTorch; files by make_captioner_golden.py, whose cases these are.

namespace saccade::captioner_golden_test {
namespace {

/// The script's picture, as a value of the image parameter.
std::string picture_value() {
    const Tensor<double> pixels = read_golden("captioner_picture").at("picture");
    Image image(pixels.shape()[1], pixels.shape()[0]);
    for (Index i = 0; i < pixels.size(); ++i)
        image.rgb[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(pixels.data()[i]);
    return "data:image/png;base64," + base64_encode(write_png(image));
}

struct Case {
    const char *name, *model, *language, *order, *caption;
    double temperature;
    std::size_t tensors;
};

class CaptionerGolden : public testing::TestWithParam<Case> {};

TEST_P(CaptionerGolden, agrees_within_1e_5) {
    const Case& c = GetParam();
    RunRequest request;
    request.exhibit = "captioning";
    request.params.set("image", picture_value());
    request.params.set("model", std::string(c.model));
    request.params.set("language", std::string(c.language));
    request.params.set("order", std::string(c.order));
    request.params.set("caption", std::string(c.caption));
    request.params.set("temperature", c.temperature);
    expect_golden(*run(request), std::string("captioner_") + c.name, c.tensors);
}

INSTANTIATE_TEST_SUITE_P(
    Cases, CaptionerGolden,
    testing::Values(Case{"soft", "soft", "en", "trained", "", 1, 8}, Case{"chinese", "soft", "zh", "trained", "", 0.7, 8},
                    Case{"forced", "soft", "en", "trained", "a small red circle is above a large blue square", 1, 8},
                    Case{"hard", "hard", "en", "trained", "", 1, 8},
                    Case{"channel_spatial", "sca", "en", "channel-spatial", "", 1, 10},
                    Case{"spatial_channel", "sca", "zh", "spatial-channel", "", 1, 10}),
    [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace saccade::captioner_golden_test
