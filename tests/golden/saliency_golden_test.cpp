#include <gtest/gtest.h>

#include <cmath>

#include "io/npz.hpp"
#include "run/runner.hpp"

// The bundled model against float64 PyTorch; files by make_saliency_golden.py, whose sources these are.

namespace saccade {
namespace {

class SaliencyGolden : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(SaliencyGolden, agrees_within_1e_5) {
    const auto [name, source, question] = GetParam();
    RunRequest request;
    request.exhibit = "saliency";
    request.params.set("source", std::string(source));
    request.params.set("question", std::string(question));
    const TracePtr trace = run(request);
    const auto golden = read_npz(std::string(SACCADE_TEST_DATA) + "/golden/saliency_" + name + ".npz");
    ASSERT_EQ(golden.size(), 17u);
    for (const auto& [tensor, expected] : golden) {
        const Tensor<float>& values = trace->tensor(tensor).values;
        ASSERT_EQ(values.shape(), expected.shape()) << tensor;
        double largest = 0, worst = 0;
        for (Index i = 0; i < values.size(); ++i) {
            largest = std::max(largest, std::abs(expected.data()[i]));
            worst = std::max(worst, std::abs(expected.data()[i] - static_cast<double>(values.data()[i])));
        }
        EXPECT_LE(worst, 1e-5 * largest) << tensor;
    }
}

INSTANTIATE_TEST_SUITE_P(Sources, SaliencyGolden,
                         testing::Values(std::tuple{"english", "the 3rd of September 2019", "day"},
                                         std::tuple{"chinese", "二〇一九年十二月三十一日", "year"},
                                         std::tuple{"unknown", "Mon, 30 Sép '19?", "month"}),
                         [](const auto& c) { return std::string(std::get<0>(c.param)); });

}  // namespace
}  // namespace saccade
