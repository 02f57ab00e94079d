#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// The bundled language model and what is measured of its heads, against float64 PyTorch; files by make_induction_golden.py.

namespace saccade::induction_golden_test {
namespace {

TEST(InductionGolden, text_agrees_within_1e_5) {
    RunRequest request;
    request.exhibit = "induction";
    request.params.set("text", std::string("tom likes mary. mary likes books. tom likes"));
    expect_golden(*run(request), "induction_text", 13u);
}

TEST(InductionGolden, random_tokens_agree_within_1e_5) {
    RunRequest request;
    request.exhibit = "induction";
    request.params.set("random", true);
    request.params.set("period", std::int64_t{12});
    expect_golden(*run(request), "induction_random", 13u);
}

}  // namespace
}  // namespace saccade::induction_golden_test
