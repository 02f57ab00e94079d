#include <gtest/gtest.h>

#include "viz/view_options_applicable.hpp"

namespace saccade::view_options_applicable_test {
namespace {

/// What a run has no use for is as it is by default; what it has, stays.
TEST(ApplicableOptions, ThoseThatARunCannotHaveAreLeftOut) {
    ViewOptions chosen;
    chosen.layers = ViewOptions::Layers::rollout;
    chosen.heads = ViewOptions::Heads::gradient;
    chosen.chosen = {1};
    chosen.special = ViewOptions::Special::hide;
    OptionFacts all{.heads = 4, .layers = 2, .weights = true, .through = true, .gradient = true, .special = true};
    EXPECT_EQ(applicable(chosen, all), chosen);
    OptionFacts cross = all;
    cross.through = false;
    EXPECT_EQ(applicable(chosen, cross).layers, ViewOptions::Layers::one);
    EXPECT_EQ(applicable(chosen, cross).heads, ViewOptions::Heads::gradient);
    OptionFacts flat{.weights = true, .special = true};
    ViewOptions left;
    left.special = ViewOptions::Special::hide;
    EXPECT_EQ(applicable(chosen, flat), left);
    EXPECT_EQ(applicable(chosen, OptionFacts()), ViewOptions());
}

}  // namespace
}  // namespace saccade::view_options_applicable_test
