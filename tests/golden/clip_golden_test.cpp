#include <gtest/gtest.h>

#include <fstream>

#include "golden/golden_testing.hpp"
#include "image/image.hpp"
#include "unit/scratch.hpp"

// The bundled describers of clips against float64 PyTorch; files by make_clip_golden.py, whose cases these are.

namespace saccade::clip_golden_test {
namespace {

/// The script's clip as pictures in a folder.
void write_clip(const test::TemporaryFolder& folder) {
    const Tensor<double> frames = read_golden("clip_frames").at("frames");
    for (Index t = 0; t < frames.shape()[0]; ++t) {
        const Tensor<double> pixels = frames.row(t);
        Image image(pixels.shape()[1], pixels.shape()[0]);
        for (Index i = 0; i < pixels.size(); ++i)
            image.rgb[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(pixels.data()[i]);
        std::ofstream(folder / ("frame" + std::to_string(t) + ".png"), std::ios::binary) << write_png(image);
    }
}

struct Case {
    const char *name, *model, *language, *sentence;
    double temperature;
    std::size_t tensors;
};

class ClipGolden : public testing::TestWithParam<Case> {};

TEST_P(ClipGolden, agrees_within_1e_5) {
    const Case& c = GetParam();
    const test::TemporaryFolder folder;
    write_clip(folder);
    RunRequest request;
    request.exhibit = "temporal";
    request.params.set("folder", folder.path());
    request.params.set("model", std::string(c.model));
    request.params.set("language", std::string(c.language));
    request.params.set("sentence", std::string(c.sentence));
    request.params.set("temperature", c.temperature);
    expect_golden(*run(request), std::string("clip_") + c.name, c.tensors);
}

INSTANTIATE_TEST_SUITE_P(Cases, ClipGolden,
                         testing::Values(Case{"time", "time", "en", "", 1, 7}, Case{"chinese", "time", "zh", "", 1.3, 7},
                                         Case{"forced", "time", "en", "the red circle appears, then the blue square moves left",
                                              1, 7},
                                         Case{"space", "space", "en", "", 1, 8}),
                         [](const auto& c) { return std::string(c.param.name); });

}  // namespace
}  // namespace saccade::clip_golden_test
