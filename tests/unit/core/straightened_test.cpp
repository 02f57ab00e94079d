#include "image/straightened.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "testing.hpp"

namespace saccade::straightened_test {
namespace {

using How = UsedCorners::How;

/// Grey by the place, from 0 to 1.
template <class Grey>
Image picture_of(Index width, Index height, const Grey& grey) {
    Image image(width, height);
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x)
            for (Index k = 0; k < 3; ++k)
                image.row(y)[3 * x + k] = static_cast<std::uint8_t>(
                    std::lround(255 * std::clamp(grey((static_cast<double>(x) + 0.5) / static_cast<double>(width),
                                                      (static_cast<double>(y) + 0.5) / static_cast<double>(height)),
                                                 0.0, 1.0)));
    return image;
}

TEST(Straightened, leaves_a_picture_of_that_size_alone) {
    const Image image = picture_of(100, 32, [](double x, double y) { return 0.5 + 0.5 * std::sin(9 * x + 4 * y); });
    const Tensor<float> seen = straightened(image, whole_picture, 32, 100);
    for (Index y = 0; y < 32; ++y)
        for (Index x = 0; x < 100; ++x) EXPECT_NEAR(seen.at({y, x}), image.row(y)[3 * x] / 255.0, 1e-5);
}

TEST(Straightened, takes_the_mean_where_it_shrinks) {
    const Image image = picture_of(400, 128, [](double x, double) { return std::fmod(x * 100, 1.0) < 0.5 ? 0.0 : 1.0; });
    const Tensor<float> seen = straightened(image, whole_picture, 32, 100);
    for (Index x = 5; x < 95; ++x) EXPECT_NEAR(seen.at({16, x}), 0.5, 0.02) << x;
}

/// A plane seen askew: u and v of the square, as the projective map of eight numbers has them, are what is drawn.
TEST(Straightened, sees_a_plane_from_the_front_that_was_seen_from_the_side) {
    // (u, v) -> ((0.1 + 0.7 u + 0.1 v) / w, (0.2 + 0.1 u + 0.5 v) / w), w = 1 + 0.4 u - 0.1 v.
    const auto place = [](double u, double v) {
        const double w = 1 + 0.4 * u - 0.1 * v;
        return PicturePlace{(0.1 + 0.7 * u + 0.1 * v) / w, (0.2 + 0.1 * u + 0.5 * v) / w};
    };
    const auto square_at = [&](double x, double y) {  // by solving the two equations for u and v
        const double a = 0.7 - 0.4 * x, b = 0.1 + 0.1 * x, c = 0.1 - 0.4 * y, d = 0.5 + 0.1 * y, p = x - 0.1, q = y - 0.2;
        return PicturePlace{(p * d - b * q) / (a * d - b * c), (a * q - c * p) / (a * d - b * c)};
    };
    const Image image = picture_of(600, 400, [&](double x, double y) {
        const PicturePlace s = square_at(x, y);
        return 0.2 + 0.4 * s.x + 0.2 * s.y;
    });
    const Corners corners{place(0, 0), place(1, 0), place(1, 1), place(0, 1)};
    const Tensor<float> seen = straightened(image, corners, 20, 50);
    for (Index y = 0; y < 20; ++y)
        for (Index x = 0; x < 50; ++x)
            EXPECT_NEAR(seen.at({y, x}),
                        0.2 + 0.4 * (static_cast<double>(x) + 0.5) / 50 + 0.2 * (static_cast<double>(y) + 0.5) / 20, 0.005)
                << y << " " << x;
}

TEST(UsedCorners, are_brought_in_order_or_boxed) {
    EXPECT_EQ(used_corners(whole_picture).how, How::as_given);
    const Corners slanted{{{0.1, 0.3}, {0.9, 0.1}, {0.8, 0.6}, {0.2, 0.7}}};
    EXPECT_EQ(used_corners(slanted).how, How::as_given);
    EXPECT_EQ(used_corners(slanted).corners, slanted);
    // Turned about: text that runs downwards, upwards, or stands on its head is meant so.
    EXPECT_EQ(used_corners({slanted[1], slanted[2], slanted[3], slanted[0]}).how, How::as_given);
    // Crossing sides, and all of them the other way round.
    for (const Corners& mixed :
         {Corners{slanted[1], slanted[0], slanted[2], slanted[3]}, Corners{slanted[0], slanted[3], slanted[2], slanted[1]}}) {
        const UsedCorners used = used_corners(mixed);
        EXPECT_EQ(used.how, How::in_order);
        EXPECT_EQ(used.corners, slanted);
    }
    // One within the others, all on a line, all in one place: there is an area to read all the same.
    for (const Corners& flat :
         {Corners{{{0, 0}, {1, 0}, {0.5, 0.2}, {0, 1}}}, Corners{{{0, 0.5}, {0.3, 0.5}, {0.6, 0.5}, {1, 0.5}}},
          Corners{{{0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}, {0.5, 0.5}}}}) {
        const UsedCorners used = used_corners(flat);
        EXPECT_EQ(used.how, How::box);
        EXPECT_EQ(used_corners(used.corners).how, How::as_given);
        const Tensor<float> seen = straightened(Image(40, 30), used.corners, 32, 100);
        for (const float v : seen.values()) EXPECT_EQ(v, 0);
    }
}

TEST(UsedCorners, say_how_large_the_part_is) {
    EXPECT_EQ(size_within(whole_picture, 640, 480), (ImageSize{640, 480}));
    EXPECT_EQ(size_within({{{0.5, 0}, {0.5, 1}, {0, 1}, {0, 0}}}, 640, 480), (ImageSize{480, 320}));  // read downwards
}

}  // namespace
}  // namespace saccade::straightened_test
