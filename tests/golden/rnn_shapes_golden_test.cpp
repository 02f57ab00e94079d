#include <gtest/gtest.h>

#include <cmath>

#include "io/npz.hpp"
#include "run/runner.hpp"

// The bundled networks against float64 PyTorch, memories against torch.autograd.functional.jacobian; files by
// make_rnn_shapes_golden.py, whose cases these are.

namespace saccade {
namespace {

struct Case {
    const char *name, *shape, *cell, *direction, *text;
    std::int64_t month;
    std::size_t tensors;
};

class RnnShapesGolden : public testing::TestWithParam<Case> {};

/// By rows for memories: a strong one must not hide a weak one.
void expect_close(const std::string& name, const Tensor<float>& values, const Tensor<double>& expected) {
    ASSERT_EQ(values.shape(), expected.shape()) << name;
    const Index rows = name.starts_with("memory.") ? values.shape()[0] : 1, width = values.size() / rows;
    for (Index r = 0; r < rows; ++r) {
        double largest = 0, worst = 0;
        for (Index i = r * width; i < (r + 1) * width; ++i) {
            largest = std::max(largest, std::abs(expected.data()[i]));
            worst = std::max(worst, std::abs(expected.data()[i] - static_cast<double>(values.data()[i])));
        }
        EXPECT_LE(worst, 1e-5 * largest) << name << ", row " << r;
    }
}

TEST_P(RnnShapesGolden, agrees_within_1e_5) {
    const Case& c = GetParam();
    RunRequest request;
    request.exhibit = "rnn-shapes";
    request.params.set("shape", std::string(c.shape));
    request.params.set("cell", std::string(c.cell));
    request.params.set("direction", std::string(c.direction));
    request.params.set("text", std::string(c.text));
    request.params.set("month", c.month);
    const TracePtr trace = run(request);
    const auto golden = read_npz(std::string(SACCADE_TEST_DATA) + "/golden/rnn_shapes_" + c.name + ".npz");
    ASSERT_EQ(golden.size(), c.tensors);
    for (const auto& [tensor, expected] : golden) expect_close(tensor, trace->tensor(tensor).values, expected);
}

INSTANTIATE_TEST_SUITE_P(Networks, RnnShapesGolden,
                         testing::Values(Case{"n_to_1", "n-to-1", "elman", "uni", "September    30, 2019", 1, 6},
                                         Case{"n_to_1_bi", "n-to-1", "lstm", "bi", "二〇一九年九月三十日", 1, 7},
                                         Case{"n_to_n", "n-to-n", "gru", "bi", "30/9/19", 1, 6},
                                         Case{"n_to_m", "n-to-m", "gru", "uni", "Mon, 30 Sep '19?", 1, 7},
                                         Case{"1_to_n", "1-to-n", "lstm", "uni", "not read", 9, 7}),
                         [](const auto& c) { return std::string("case_") + c.param.name; });

}  // namespace
}  // namespace saccade
