#include <gtest/gtest.h>

#include <limits>

#include "attention/grid_sampler.hpp"
#include "attention/thin_plate_spline.hpp"
#include "testing.hpp"

namespace saccade::rectifier_test {
namespace {

using test::contains;
using test::error_of;

TEST(ThinPlateSpline, leaves_a_picture_alone_whose_points_stay) {
    const auto control = rectified_points(8);
    const auto centres = pixel_centres(3, 5);
    const Tensor<double> weights = spline_weights(control, centres);
    for (std::size_t i = 0; i < centres.size(); ++i) {
        double x = 0, y = 0, sum = 0;
        for (std::size_t k = 0; k < control.size(); ++k) {
            const double w = weights.data()[i * control.size() + k];
            x += w * control[k].x;
            y += w * control[k].y;
            sum += w;
        }
        EXPECT_NEAR(x, centres[i].x, 1e-12);
        EXPECT_NEAR(y, centres[i].y, 1e-12);
        EXPECT_NEAR(sum, 1, 1e-12);
    }
}

TEST(ThinPlateSpline, goes_through_its_points) {
    const auto control = rectified_points(6);
    const Tensor<double> weights = spline_weights(control, control);
    for (Index i = 0; i < 6; ++i)
        for (Index k = 0; k < 6; ++k) EXPECT_NEAR(weights.data()[i * 6 + k], i == k ? 1 : 0, 1e-10);
}

TEST(ThinPlateSpline, says_which_points_it_cannot_use) {
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { rectified_points(7); }), "7 control points"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { rectified_points(2); }), "2 control points"));
    const std::vector<PlaceInPicture> line = {{0.1, 0.1}, {0.5, 0.5}, {0.9, 0.9}, {0.3, 0.3}};
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [&] { spline_weights(line, line); }), "do not span"));
    EXPECT_TRUE(contains(error_of(ErrorCode::invalid_input, [] { spline_weights({}, {}); }), "do not span"));
}

TEST(GridSampler, reads_pixel_centres_as_they_are) {
    Tensor<float> picture(Shape{1, 2, 3, 1});
    for (Index i = 0; i < 6; ++i) picture.data()[i] = static_cast<float>(i);
    const auto centres = pixel_centres(2, 3);
    Tensor<float> grid(Shape{1, 2, 3, 2});
    for (std::size_t i = 0; i < centres.size(); ++i) {
        grid.data()[2 * i] = static_cast<float>(centres[i].x);
        grid.data()[2 * i + 1] = static_cast<float>(centres[i].y);
    }
    const Tensor<float> sampled = grid_sample<float>(picture, grid).value();
    for (Index i = 0; i < 6; ++i) EXPECT_NEAR(sampled.data()[i], static_cast<float>(i), 1e-6f);
}

TEST(GridSampler, goes_on_as_the_picture_ends_and_survives_what_is_no_number) {
    Tensor<float> picture(Shape{1, 1, 2, 1});
    picture.data()[0] = 3;
    picture.data()[1] = 5;
    Tensor<float> grid(Shape{1, 1, 3, 2}, 0.5f);
    grid.data()[0] = -1e30f;
    grid.data()[2] = 1e30f;
    grid.data()[4] = std::numeric_limits<float>::quiet_NaN();
    Tape<float> tape;
    const Var<float> places = tape.leaf(grid);
    const Var<float> sampled = grid_sample(Var<float>(picture), places);
    EXPECT_EQ(sampled.value().data()[0], 3);
    EXPECT_EQ(sampled.value().data()[1], 5);
    EXPECT_EQ(sampled.value().data()[2], 3);
    tape.backward(sampled, Tensor<float>(Shape{1, 1, 3, 1}, 1.0f));
    const Tensor<float> gradient = tape.grad(places);
    for (const float g : gradient.values()) EXPECT_EQ(g, 0);
}

TEST(GridSampler, refuses_shapes_that_do_not_fit) {
    const Tensor<float> picture(Shape{1, 2, 3, 1});
    for (const Shape& shape : {Shape{2, 1, 1, 2}, Shape{1, 1, 1, 3}, Shape{1, 1, 2}}) {
        const std::string said = error_of(ErrorCode::invalid_input, [&] { grid_sample<float>(picture, Tensor<float>(shape)); });
        EXPECT_TRUE(contains(said, "grid_sample") && contains(said, shape.str())) << said;
    }
}

}  // namespace
}  // namespace saccade::rectifier_test
