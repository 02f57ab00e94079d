#include "viz/contours.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace saccade::contours_test {
namespace {

Tensor<float> bump(Index n) {
    Tensor<float> values(Shape{n, n});
    for (Index r = 0; r < n; ++r)
        for (Index c = 0; c < n; ++c) {
            const double y = static_cast<double>(r) + 0.5 - static_cast<double>(n) / 2,
                         x = static_cast<double>(c) + 0.5 - static_cast<double>(n) / 2;
            values.data()[r * n + c] = static_cast<float>(static_cast<double>(n) / 2 - std::hypot(x, y));
        }
    return values;
}

TEST(Contours, OfAConeAreCircles) {
    const auto lines = contour_lines(bump(40), 8);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].front().x, lines[0].back().x);
    EXPECT_EQ(lines[0].front().y, lines[0].back().y);
    for (const Point p : lines[0]) EXPECT_NEAR(std::hypot(p.x - 20, p.y - 20), 12, 0.1);
}

TEST(Contours, OfALargeMatrixAreThoseOfItsMeans) {
    const auto lines = contour_lines(bump(500), 150);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_LT(lines[0].size(), 500u);
    for (const Point p : lines[0]) EXPECT_NEAR(std::hypot(p.x - 250, p.y - 250), 100, 3);
}

TEST(Contours, ReachTheEdge) {
    const Tensor<float> step = Tensor<float>::from(Shape{2, 2}, {0, 1, 0, 1});
    const auto lines = contour_lines(step, 0.5);
    ASSERT_EQ(lines.size(), 1u);
    const bool down = lines[0].front().y < lines[0].back().y;
    EXPECT_DOUBLE_EQ((down ? lines[0].front() : lines[0].back()).y, 0);
    EXPECT_DOUBLE_EQ((down ? lines[0].back() : lines[0].front()).y, 2);
    for (const Point p : lines[0]) EXPECT_DOUBLE_EQ(p.x, 1);
}

TEST(Contours, ASaddleIsCutByItsMiddle) {
    // Middle 0.375: below the level the high corners stand apart.
    const auto apart = contour_lines(Tensor<float>::from(Shape{2, 2}, {1, 0, 0, 0.5f}), 0.45);
    const auto together = contour_lines(Tensor<float>::from(Shape{2, 2}, {1, 0, 0, 0.5f}), 0.3);
    ASSERT_EQ(apart.size(), 2u);
    ASSERT_EQ(together.size(), 2u);
    // Apart, no line comes near the middle's other diagonal; together, both lie on the low corners' sides.
    for (const auto& line : apart)
        for (const Point p : line) EXPECT_TRUE((p.x <= 1.06 && p.y <= 1.06) || (p.x >= 1 && p.y >= 1)) << p.x << " " << p.y;
    for (const auto& line : together)
        for (const Point p : line) EXPECT_TRUE((p.x >= 0.8 && p.y <= 1.2) || (p.x <= 1.2 && p.y >= 0.8)) << p.x << " " << p.y;
}

TEST(Contours, LeaveMaskedCellsOut) {
    Tensor<float> values = bump(10);
    for (Index c = 0; c < 10; ++c) values.data()[5 * 10 + c] = std::numeric_limits<float>::quiet_NaN();
    for (const auto& line : contour_lines(values, 2))
        for (const Point p : line) EXPECT_TRUE(p.y <= 4.51 || p.y >= 6.49) << p.y;
    EXPECT_TRUE(contour_lines(Tensor<float>(Shape{3, 3}, std::nanf("")), 0.5).empty());
    EXPECT_TRUE(contour_lines(Tensor<float>(Shape{1, 1}, 1.0f), 0.5).empty());
    EXPECT_TRUE(contour_lines(Tensor<float>(), 0.5).empty());
}

}  // namespace
}  // namespace saccade::contours_test
