#include "tensor/finite.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace saccade::test {
namespace {

TEST(Finite, one_that_is_none_is_found_wherever_it_stands) {
    EXPECT_TRUE(all_finite(Tensor<float>(Shape{0})));
    Tensor<float> values(Shape{3, 200000}, 3e38f);  // several pieces; their sum is no finite number, and each of them is
    EXPECT_TRUE(all_finite(values));
    for (const float none : {NAN, INFINITY, -INFINITY})
        for (const Index at : {Index{0}, Index{262144}, values.size() - 1}) {
            values.data()[at] = none;
            EXPECT_FALSE(all_finite(values)) << none << " at " << at;
            values.data()[at] = -1;
        }
}

}  // namespace
}  // namespace saccade::test
