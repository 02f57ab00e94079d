#include "base/rng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace saccade::rng_test {
namespace {

TEST(Rng, SameSeedSameStream) {
    Rng a(7), b(7), c(8);
    bool differs = false;
    for (int i = 0; i < 100; ++i) {
        const auto draw = a.next();
        EXPECT_EQ(draw, b.next());
        differs = differs || draw != c.next();
    }
    EXPECT_TRUE(differs);
}

TEST(Rng, MatchesTheReferenceGenerator) {
    // xoshiro256** from the state {1, 2, 3, 4}: the first outputs follow from its definition.
    Rng rng(0);
    rng.restore({{1, 2, 3, 4}});
    EXPECT_EQ(rng.next(), 11520U);
    EXPECT_EQ(rng.next(), 0U);
    EXPECT_EQ(rng.next(), 1509978240U);
    EXPECT_EQ(rng.next(), 1215971899390074240U);
}

TEST(Rng, SeedsThroughSplitmix) {
    // splitmix64 from 0: its published first outputs.
    const Rng rng(0);
    EXPECT_EQ(rng.state().s[0], 0xe220a8397b1dcdafU);
    EXPECT_EQ(rng.state().s[1], 0x6e789e6aa1b965f4U);
    EXPECT_EQ(rng.state().s[2], 0x06c45d188009454fU);
    EXPECT_EQ(rng.state().s[3], 0xf88bb8a8724c81ecU);
}

TEST(Rng, RestoredStateGoesOn) {
    Rng a(3);
    a.normal();
    const auto state = a.state();
    const double expected = a.normal();
    Rng b(99);
    b.restore(state);
    EXPECT_EQ(b.normal(), expected);
}

TEST(Rng, ForksAreIndependentOfEachOther) {
    const Rng parent(5);
    EXPECT_EQ(parent.fork("data", 1).next(), parent.fork("data", 1).next());
    EXPECT_NE(parent.fork("data", 1).next(), parent.fork("data", 2).next());
    EXPECT_NE(parent.fork("data").next(), parent.fork("dropout").next());
    EXPECT_NE(Rng(6).fork("data").next(), parent.fork("data").next());
}

TEST(Rng, UniformFillsTheInterval) {
    Rng rng(1);
    double sum = 0, low = 1, high = 0;
    constexpr int n = 100000;
    for (int i = 0; i < n; ++i) {
        const double u = rng.uniform();
        ASSERT_GE(u, 0);
        ASSERT_LT(u, 1);
        sum += u;
        low = std::min(low, u);
        high = std::max(high, u);
    }
    EXPECT_NEAR(sum / n, 0.5, 0.005);
    EXPECT_LT(low, 0.001);
    EXPECT_GT(high, 0.999);
}

TEST(Rng, BelowIsEven) {
    Rng rng(2);
    std::array<int, 7> counts{};
    constexpr int n = 70000;
    for (int i = 0; i < n; ++i) ++counts.at(rng.below(7));
    for (const int count : counts) EXPECT_NEAR(count, n / 7, 400);
}

TEST(Rng, NormalHasMeanZeroAndVarianceOne) {
    Rng rng(3);
    double sum = 0, squares = 0, fourth = 0;
    constexpr int n = 200000;
    for (int i = 0; i < n; ++i) {
        const double x = rng.normal();
        ASSERT_TRUE(std::isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
    }
    EXPECT_NEAR(sum / n, 0, 0.01);
    EXPECT_NEAR(squares / n, 1, 0.02);
    EXPECT_NEAR(fourth / n, 3, 0.1);
}

}  // namespace
}  // namespace saccade::rng_test
