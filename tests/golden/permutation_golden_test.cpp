#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// MultiheadAttention(2, 1) in two orders against PyTorch's own module in float64; files by make_permutation_golden.py.

namespace saccade::permutation_golden_test {
namespace {

class PermutationGolden : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(PermutationGolden, agrees_within_1e_5) {
    const auto [axes, position] = GetParam();
    auto golden = read_golden(std::string("permutation_") + axes + "_" + position);
    RunRequest request;
    request.exhibit = "permutation";
    for (const char* name : {"q", "in_proj", "out_proj"}) {
        request.params.set(name, golden.at(name).cast<float>());
        golden.erase(name);
    }
    request.params.set("axes", std::string(axes));
    request.params.set("position", std::string(position));
    request.params.set("projections", std::string("own"));
    const TracePtr trace = run(request);
    ASSERT_EQ(golden.size(), 5u);
    for (const auto& [tensor, expected] : golden) expect_close(tensor, trace->tensor(tensor).values, expected);
}

INSTANTIATE_TEST_SUITE_P(Settings, PermutationGolden,
                         testing::Values(std::pair("sequence", "none"), std::pair("sequence", "sinusoidal"),
                                         std::pair("posted", "none"), std::pair("posted", "sinusoidal")),
                         [](const auto& c) { return std::string(c.param.first) + "_" + c.param.second; });

}  // namespace
}  // namespace saccade::permutation_golden_test
