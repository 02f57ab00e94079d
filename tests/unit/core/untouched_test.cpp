#include "trace/untouched.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace saccade::untouched_test {
namespace {

/// Probabilities [output, class] of so many outputs, each row `first` at class 0; and the two likeliest of the last row.
Trace run_of(Index outputs, float first, const std::string& wrote) {
    Trace trace;
    const AxisPtr output = trace.add_axis({"output", AxisKind::query, outputs, {}, "i"});
    const AxisPtr classes = trace.add_axis({"class", AxisKind::class_, 3, {"a", "b", "c"}, "c"});
    Tensor<float> p(Shape{outputs, 3});
    for (Index i = 0; i < outputs; ++i) {
        p.data()[i * 3] = first;
        p.data()[i * 3 + 1] = 0.1f;
        p.data()[i * 3 + 2] = 0.9f - first;
    }
    trace.add({"probabilities", Role::probabilities, "p", "Probabilities", "", {output, classes}}, p);
    const bool a_first = first > 0.9f - first;
    const AxisPtr next = trace.add_axis({"next", AxisKind::class_, 1, {a_first ? "a" : "c"}, "q"});
    trace.add({"next.id", Role::output, "x", "Ids", "", {next}}, Tensor<float>(Shape{1}, a_first ? 0.0f : 2.0f));
    trace.add({"next.probabilities", Role::probabilities, "p", "Next", "", {next}},
              Tensor<float>(Shape{1}, std::max(first, 0.9f - first)));
    trace.add_step({"sort", "next.probabilities", "", "next.probabilities[q] = probabilities[0,next.id[q]]", "", true});
    trace.set_text("output", wrote);
    trace.set_text("read", "the same");
    return trace;
}

TEST(Untouched, IsSetBesideProbabilitiesOverTheSameAxes) {
    const Trace trace = with_untouched(run_of(2, 0.3f, "c c"), run_of(2, 0.7f, "a a"));
    const TraceTensor& was = trace.tensor("probabilities.untouched");
    EXPECT_EQ(was.info.axes, trace.tensor("probabilities").info.axes);
    EXPECT_FLOAT_EQ(was.values.at({1, 0}), 0.7f);
    EXPECT_FLOAT_EQ(trace.tensor("probabilities").values.at({1, 0}), 0.3f);
    EXPECT_EQ(trace.with_role(Role::probabilities).size(), 2u) << "it is none of the run's own";
}

TEST(Untouched, RowsThatOnlyOneRunHasAreNone) {
    const Trace longer = with_untouched(run_of(3, 0.3f, ""), run_of(2, 0.7f, ""));
    const Tensor<float> was = longer.tensor("probabilities.untouched").values;
    EXPECT_FLOAT_EQ(was.at({1, 0}), 0.7f);
    EXPECT_TRUE(std::isnan(was.at({2, 0})));
    const Trace shorter = with_untouched(run_of(1, 0.3f, ""), run_of(2, 0.7f, ""));
    EXPECT_EQ(shorter.tensor("probabilities.untouched").values.shape(), (Shape{1, 3}));
}

TEST(Untouched, OfWhatIsSortedItIsWhatTheSameTokensHad) {
    const Trace trace = with_untouched(run_of(2, 0.3f, ""), run_of(2, 0.7f, ""));
    EXPECT_FLOAT_EQ(trace.tensor("next.probabilities").values.at({0}), 0.6f) << "of c, the likeliest now";
    EXPECT_NEAR(trace.tensor("next.probabilities.untouched").values.at({0}), 0.2f, 1e-6f) << "of c, not of a";
}

TEST(Untouched, TextsThatCameOutOtherwiseAloneAreKept) {
    const Trace trace = with_untouched(run_of(2, 0.3f, "c c"), run_of(2, 0.7f, "a a"));
    EXPECT_EQ(trace.texts().at("output.untouched"), "a a");
    EXPECT_EQ(trace.texts().count("read.untouched"), 0u);
}

TEST(Untouched, OtherClassesCannotBeSetBeside) {
    Trace other;
    const AxisPtr output = other.add_axis({"output", AxisKind::query, 2, {}, "i"});
    const AxisPtr classes = other.add_axis({"class", AxisKind::class_, 3, {"x", "y", "z"}, "c"});
    other.add({"probabilities", Role::probabilities, "p", "Probabilities", "", {output, classes}}, Tensor<float>(Shape{2, 3}));
    const Trace trace = with_untouched(run_of(2, 0.3f, ""), other);
    EXPECT_EQ(trace.find("probabilities.untouched"), nullptr);
    EXPECT_EQ(trace.find("next.probabilities.untouched"), nullptr);
}

TEST(Untouched, TwiceIsOnce) {
    const Trace once = with_untouched(run_of(2, 0.3f, ""), run_of(2, 0.7f, ""));
    EXPECT_EQ(with_untouched(once, run_of(2, 0.7f, "")).tensors().size(), once.tensors().size());
}

}  // namespace
}  // namespace saccade::untouched_test
