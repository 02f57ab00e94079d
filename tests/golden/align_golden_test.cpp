#include <sstream>

#include "attention/align.hpp"
#include "autograd/ops.hpp"
#include "golden/golden_testing.hpp"

// Sparse alignment functions against float64; the file by make_align_golden.py.

namespace saccade::align_golden_test {
namespace {

TEST(AlignGolden, agrees_within_1e_5) {
    const auto golden = read_golden("align");
    const Tensor<float> scores = golden.at("scores").cast<float>(), mask = golden.at("mask").cast<float>();
    std::size_t cases = 0;
    for (const auto& [name, expected] : golden) {
        std::istringstream words(name);
        std::string what, function, temperature;
        if (!(words >> what >> function >> temperature)) continue;
        ++cases;
        const auto align = make_align<float>({function, std::stod(temperature)});
        if (what == "weights") {
            expect_close(name, (*align)({.scores = scores, .mask = mask}).weights.value(), expected);
            continue;
        }
        Tape<float> tape;
        const Var<float> leaf = tape.leaf(scores);
        const Var<float> weights = (*align)({.scores = leaf, .mask = mask}).weights;
        Tensor<float> slopes(scores.shape());
        if (weights.tracked()) {  // at an infinite temperature nothing depends on the scores
            tape.backward(weights, golden.at("cotangent").cast<float>());
            slopes = tape.grad(leaf);
        }
        expect_close(name, slopes, expected);
    }
    EXPECT_EQ(cases, 16u);
}

}  // namespace
}  // namespace saccade::align_golden_test
