#include "ui/param_widgets.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace saccade::param_widgets_test {
namespace {

ParamSpec number(double min, double max, bool log = false) {
    ParamSpec spec{"n", ParamType::number, "N", "", 1.0};
    spec.min = min;
    spec.max = max;
    spec.log_scale = log;
    return spec;
}

TEST(SliderScale, EndsAreTheLimitsAndPositionsComeBack) {
    for (const ParamSpec& spec : {number(0, 1), number(-3, 5), number(0.01, 100, true), number(0, 10, true)}) {
        const SliderScale scale(spec);
        ASSERT_TRUE(scale.limited());
        EXPECT_NEAR(scale.value(0), spec.min, 1e-9);
        EXPECT_NEAR(scale.value(1), spec.max, 1e-9);
        for (double t = 0.05; t < 1; t += 0.05) EXPECT_NEAR(scale.position(scale.value(t)), t, 0.01) << spec.max;
    }
}

TEST(SliderScale, InfinityStandsAtTheEnd) {
    const SliderScale scale(number(0, std::numeric_limits<double>::infinity()));
    EXPECT_EQ(scale.value(0), 0);
    EXPECT_TRUE(std::isinf(scale.value(1)));
    EXPECT_TRUE(std::isfinite(scale.value(0.9)));
    EXPECT_EQ(scale.position(std::numeric_limits<double>::infinity()), 1);
    EXPECT_NEAR(scale.value(scale.position(1)), 1, 0.02);
    EXPECT_LT(scale.position(1e9), 1);
}

TEST(SliderScale, IntegersAreWholeAndWithoutLimitsThereIsNoSlider) {
    ParamSpec spec{"n", ParamType::integer, "N", "", std::int64_t{3}};
    EXPECT_FALSE(SliderScale(spec).limited());
    spec.min = 1;
    spec.max = 10;
    const SliderScale scale(spec);
    for (double t = 0; t <= 1; t += 0.01) EXPECT_EQ(scale.value(t), std::round(scale.value(t)));
    EXPECT_EQ(scale.value(1), 10);
}

TEST(NumberField, ReadsWhatPeopleType) {
    const ParamSpec spec = number(0, std::numeric_limits<double>::infinity());
    EXPECT_EQ(std::get<double>(*number_from_field(spec, " 0,5 ")), 0.5);
    EXPECT_EQ(std::get<double>(*number_from_field(spec, "1e3")), 1000);
    EXPECT_TRUE(std::isinf(std::get<double>(*number_from_field(spec, "∞"))));
    EXPECT_TRUE(std::isinf(std::get<double>(*number_from_field(spec, "inf"))));
    for (const char* wrong : {"", "x", "-1", "1 2 x", "nan", "0.5.5"}) EXPECT_FALSE(number_from_field(spec, wrong)) << wrong;
    EXPECT_FALSE(number_from_field(number(0, 2), "inf"));
    EXPECT_FALSE(number_from_field(number(0, 2), "2.5"));
    EXPECT_FALSE(number_from_field(number(0, 0), "inf"));  // unlimited, still a number
    ParamSpec whole{"n", ParamType::integer, "N", "", std::int64_t{3}};
    EXPECT_EQ(std::get<std::int64_t>(*number_from_field(whole, "-4")), -4);
    EXPECT_FALSE(number_from_field(whole, "1.5"));
    EXPECT_FALSE(number_from_field(whole, "1e300"));
}

TEST(NumberField, WhatCannotBeIsTheNearestThatCan) {
    ParamSpec layer{"layer", ParamType::integer, "Layer", "", std::int64_t{1}};
    layer.min = 1;
    layer.max = 3;
    EXPECT_EQ(std::get<std::int64_t>(*nearest_number(layer, "999")), 3);
    EXPECT_EQ(std::get<std::int64_t>(*nearest_number(layer, "-1")), 1);
    EXPECT_EQ(std::get<std::int64_t>(*nearest_number(layer, "1.6")), 2);
    EXPECT_EQ(std::get<std::int64_t>(*nearest_number(layer, "inf")), 3);
    EXPECT_EQ(std::get<double>(*nearest_number(number(0, 2), "2,5")), 2);
    for (const char* none : {"", "x", "nan"}) EXPECT_FALSE(nearest_number(layer, none)) << none;
}

TEST(NumberField, WritesWhatItReads) {
    const ParamSpec spec = number(0, std::numeric_limits<double>::infinity());
    for (const double v : {0.0, 0.25, 3.0, 1e-5, std::numeric_limits<double>::infinity()})
        EXPECT_EQ(std::get<double>(*number_from_field(spec, number_field_text(spec, v))), v);
}

}  // namespace
}  // namespace saccade::param_widgets_test
