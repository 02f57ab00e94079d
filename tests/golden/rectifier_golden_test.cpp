#include "attention/grid_sampler.hpp"
#include "attention/thin_plate_spline.hpp"
#include "golden/golden_testing.hpp"

// What straightens a picture of text, against float64 PyTorch and NumPy; the file by make_rectifier_golden.py.

namespace saccade::rectifier_golden_test {
namespace {

TEST(RectifierGolden, samples_and_sends_gradients_back_within_1e_5) {
    const auto golden = read_golden("rectifier");
    Tape<float> tape;
    const Var<float> picture = tape.leaf(golden.at("picture").cast<float>()), grid = tape.leaf(golden.at("grid").cast<float>());
    const Var<float> sampled = grid_sample(picture, grid);
    expect_close("sampled", sampled.value(), golden.at("sampled"));
    expect_close("sampled without a tape", grid_sample<float>(picture.value(), grid.value()).value(), golden.at("sampled"));
    tape.backward(sampled, golden.at("cotangent").cast<float>());
    expect_close("to_picture", tape.grad(picture), golden.at("to_picture"));
    expect_close("to_grid", tape.grad(grid), golden.at("to_grid"));
}

TEST(RectifierGolden, bends_a_grid_within_1e_5) {
    const auto golden = read_golden("rectifier");
    const Tensor<float> chosen = golden.at("chosen").cast<float>();
    const Tensor<float> weights = spline_weights(rectified_points(20), pixel_centres(8, 25)).cast<float>();
    const Tensor<float> grid = spline_grid(weights, Var<float>(chosen), 8, 25).value();
    expect_close("places", grid.reshape({chosen.shape()[0], 200, 2}), golden.at("places"));
}

}  // namespace
}  // namespace saccade::rectifier_golden_test
