#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// The bundled model against float64 PyTorch; files by make_saliency_golden.py, whose sources these are.

namespace saccade::saliency_golden_test {
namespace {

class SaliencyGolden : public testing::TestWithParam<std::tuple<const char*, const char*, const char*>> {};

TEST_P(SaliencyGolden, agrees_within_1e_5) {
    const auto [name, source, question] = GetParam();
    RunRequest request;
    request.exhibit = "saliency";
    request.params.set("source", std::string(source));
    request.params.set("question", std::string(question));
    expect_golden(*run(request), std::string("saliency_") + name, 17u);
}

INSTANTIATE_TEST_SUITE_P(Sources, SaliencyGolden,
                         testing::Values(std::tuple{"english", "the 3rd of September 2019", "day"},
                                         std::tuple{"chinese", "二〇一九年十二月三十一日", "year"},
                                         std::tuple{"unknown", "Mon, 30 Sép '19?", "month"}),
                         [](const auto& c) { return std::string(std::get<0>(c.param)); });

}  // namespace
}  // namespace saccade::saliency_golden_test
