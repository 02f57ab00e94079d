#include "attention/grid_sampler.hpp"
#include "attention/thin_plate_spline.hpp"
#include "autograd/ops.hpp"
#include "gradcheck/gradcheck.hpp"

namespace saccade::rectifier_gradcheck_test {
namespace {

using V = std::vector<Var<double>>;

TEST(GradCheck, GridSample) {
    // Places between pixels' centres, where the sampler is smooth.
    Tensor<double> grid = random_tensor({2, 2, 3, 2}, 1);
    for (Index i = 0; i < grid.size(); ++i) grid.data()[i] = (1.3 + static_cast<double>(i * 5 % 4) * 0.55) / 4;
    check_gradients([](const V& x) { return grid_sample(x[0], x[1]); }, {random_tensor({2, 4, 4, 2}, 2), grid});
}

TEST(GradCheck, SplineGrid) {
    const Tensor<double> weights = spline_weights(rectified_points(6), pixel_centres(3, 4));
    check_gradients([&](const V& x) { return spline_grid(weights, x[0], 3, 4); }, {random_tensor({2, 6, 2}, 3)});
}

}  // namespace
}  // namespace saccade::rectifier_gradcheck_test
