#include <gtest/gtest.h>

#include "golden/golden_testing.hpp"

// The bundled transformers, run whole and decoding freely, against torch.nn in float64: make_transformer_run_golden.py, whose
// sources these are.

namespace saccade::transformer_run_golden_test {
namespace {

TEST(TransformerRunGolden, agrees_within_1e_5) {
    for (const auto& [name, model, source] : {std::tuple{"transformer_zh_en", "zh-en", "火车几点到北京？"},
                                              std::tuple{"transformer_dates", "dates", "30 Sep 2019; 2001年1月1日"}}) {
        RunRequest request;
        request.exhibit = "transformer";
        request.params.set("model", std::string(model));
        request.params.set("source", std::string(source));
        expect_golden(*run(request), name, 6u);
    }
}

}  // namespace
}  // namespace saccade::transformer_run_golden_test
