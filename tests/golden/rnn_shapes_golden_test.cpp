#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// The bundled networks against float64 PyTorch, memories against torch.autograd.functional.jacobian; files by
// make_rnn_shapes_golden.py, whose cases these are.

namespace saccade::rnn_shapes_golden_test {
namespace {

struct Case {
    const char *name, *shape, *cell, *direction, *text;
    std::int64_t month;
    std::size_t tensors;
};

class RnnShapesGolden : public testing::TestWithParam<Case> {};

TEST_P(RnnShapesGolden, agrees_within_1e_5) {
    const Case& c = GetParam();
    RunRequest request;
    request.exhibit = "rnn-shapes";
    request.params.set("shape", std::string(c.shape));
    request.params.set("cell", std::string(c.cell));
    request.params.set("direction", std::string(c.direction));
    request.params.set("text", std::string(c.text));
    request.params.set("month", c.month);
    expect_golden(*run(request), std::string("rnn_shapes_") + c.name, c.tensors);
}

INSTANTIATE_TEST_SUITE_P(Networks, RnnShapesGolden,
                         testing::Values(Case{"n_to_1", "n-to-1", "elman", "uni", "September    30, 2019", 1, 6},
                                         Case{"n_to_1_bi", "n-to-1", "lstm", "bi", "二〇一九年九月三十日", 1, 7},
                                         Case{"n_to_n", "n-to-n", "gru", "bi", "30/9/19", 1, 6},
                                         Case{"n_to_m", "n-to-m", "gru", "uni", "Mon, 30 Sep '19?", 1, 7},
                                         Case{"1_to_n", "1-to-n", "lstm", "uni", "not read", 9, 7}),
                         [](const auto& c) { return std::string("case_") + c.param.name; });

}  // namespace
}  // namespace saccade::rnn_shapes_golden_test
