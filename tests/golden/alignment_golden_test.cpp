#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// The bundled model against float64 PyTorch; files by make_alignment_golden.py, whose sources these are.

namespace saccade::alignment_golden_test {
namespace {

class AlignmentGolden : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(AlignmentGolden, agrees_within_1e_5) {
    const auto [name, source, target] = GetParam();
    RunRequest request;
    request.exhibit = "alignment";
    request.params.set("source", std::string(source));
    request.params.set("target", std::string(target));
    expect_golden(*run(request), std::string("alignment_") + name, 11u);
}

INSTANTIATE_TEST_SUITE_P(Sources, AlignmentGolden,
                         testing::Values(std::tuple{"english", "the 3rd of September 2019", ""},
                                         std::tuple{"chinese", "二〇一九年十二月三十一日", ""},
                                         std::tuple{"forced", "Mon, 30 Sep '19?", "2020-01"}),
                         [](const auto& c) { return std::string(std::get<0>(c.param)); });

}  // namespace
}  // namespace saccade::alignment_golden_test
