#include "base/percent.hpp"

#include <gtest/gtest.h>

namespace saccade::percent_test {
namespace {

TEST(Percent, only_all_are_all) {
    EXPECT_EQ(percent(1), "100%");
    EXPECT_EQ(percent(0), "0%");
    EXPECT_EQ(percent(0.966), "96.6%");
    EXPECT_EQ(percent(0.5), "50.0%");
    EXPECT_EQ(percent(1999.0 / 2000), "99.95%");
    EXPECT_EQ(percent(0.99997), "99.997%");
    EXPECT_EQ(percent(1.0 / 10000), "0.01%");
    for (int n = 1; n < 5000; ++n) {
        EXPECT_FALSE(percent(n / 5000.0).starts_with("100")) << n;
        EXPECT_NE(std::stod(percent(n / 5000.0)), 0.0) << n;
    }
}

}  // namespace
}  // namespace saccade::percent_test
