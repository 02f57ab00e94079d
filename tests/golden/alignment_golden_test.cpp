#include <gtest/gtest.h>

#include <cmath>

#include "io/npz.hpp"
#include "run/runner.hpp"

// The bundled model against float64 PyTorch; files by make_alignment_golden.py, whose sources these are.

namespace saccade {
namespace {

class AlignmentGolden : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(AlignmentGolden, agrees_within_1e_5) {
    const auto [name, source, target] = GetParam();
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string(source));
    request.params.set("target", std::string(target));
    const TracePtr trace = run(request);
    const auto golden = read_npz(std::string(SACCADE_TEST_DATA) + "/golden/alignment_" + name + ".npz");
    ASSERT_EQ(golden.size(), 11u);
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

INSTANTIATE_TEST_SUITE_P(Sources, AlignmentGolden,
                         testing::Values(std::tuple{"english", "the 3rd of September 2019", ""},
                                         std::tuple{"chinese", "二〇一九年十二月三十一日", ""},
                                         std::tuple{"forced", "Mon, 30 Sep '19?", "2020-01"}),
                         [](const auto& c) { return std::string(std::get<0>(c.param)); });

}  // namespace
}  // namespace saccade
