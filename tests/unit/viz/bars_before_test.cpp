#include <algorithm>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "trace/untouched.hpp"
#include "viz/bar_row.hpp"
#include "viz_testing.hpp"

namespace saccade::bars_before_test {
namespace {

using namespace test;

/// One row of probabilities over classes "t0", "t1", ...
Trace chances(const std::vector<float>& values) {
    Trace trace;
    const auto n = static_cast<Index>(values.size());
    const AxisPtr classes = trace.add_axis({"class", AxisKind::class_, n, tokens("t", n), "c"});
    Tensor<float> p(Shape{n});
    std::copy(values.begin(), values.end(), p.data());
    trace.add({"probabilities", Role::probabilities, "p", "Probabilities", "", {classes}}, p);
    return trace;
}

/// 500 classes: these, and the others share what is left of 1.
std::vector<float> many(std::vector<std::pair<Index, float>> of) {
    float left = 1;
    for (const auto& [c, p] : of) left -= p;
    std::vector<float> all(500, left / static_cast<float>(500 - of.size()));
    for (const auto& [c, p] : of) all[static_cast<std::size_t>(c)] = p;
    return all;
}

Figure bars(const Trace& trace, bool decorations = true, double width = 600, double height = 300) {
    ViewState state;
    state.view = "bars";
    state.tensor = "probabilities";
    state.decorations = decorations;
    state.width = width;
    state.height = height;
    return view("bars").layout(trace, state, PlainMeasure());
}

/// Marks of where bars ended before: narrow, of the secondary colour.
std::vector<RectItem> marks(const Figure& figure) {
    std::vector<RectItem> all = items_of<RectItem>(figure);
    std::erase_if(all, [](const RectItem& r) { return !(r.fill == theme("light").secondary) || r.box.w > 3; });
    return all;
}

TEST(BarsBefore, EachBarThatAHandMovedHasAMarkWhereItEnded) {
    const Trace now = chances({0.2f, 0.5f, 0.3f}), before = chances({0.6f, 0.1f, 0.3f});
    const Figure figure = bars(with_untouched(now, before));
    ASSERT_EQ(marks(figure).size(), 2u) << "the third did not change";
    EXPECT_TRUE(says(figure, "mark: before the change"));
    EXPECT_TRUE(says(figure, "0.60 → ") && says(figure, "0.20"));
    // Along one scale: the first ended at 0.6, the second at 0.1 of it.
    const auto all = items_of<RectItem>(figure);
    const auto first = std::ranges::find(all, theme("light").accent, &RectItem::fill);
    ASSERT_NE(first, all.end());
    const double zero = first->box.x, unit = first->box.w / 0.2;
    EXPECT_NEAR(marks(figure)[0].box.x + 1, zero + 0.6 * unit, 1);
    EXPECT_NEAR(marks(figure)[1].box.x + 1, zero + 0.1 * unit, 1);
}

TEST(BarsBefore, NothingIsMarkedWhereNothingChanged) {
    const Trace now = chances({0.2f, 0.5f, 0.3f});
    for (const Trace& trace : {now, with_untouched(now, now)}) {
        EXPECT_TRUE(marks(bars(trace)).empty());
        EXPECT_FALSE(says(bars(trace), "mark: before"));
    }
}

TEST(BarsBefore, TheLegendStandsInANarrowCard) {
    const Trace trace = with_untouched(chances(many({{7, 0.9f}})), chances(many({{400, 0.9f}})));
    EXPECT_TRUE(says(bars(trace, false, 190, 150), "mark: before the change"));
}

TEST(BarsBefore, OfManyClassesTheLikeliestHaveLinesNowOrBefore) {
    const Trace trace = with_untouched(chances(many({{7, 0.5f}, {30, 0.4f}})), chances(many({{400, 0.8f}, {7, 0.1f}})));
    const Figure figure = bars(trace);
    for (const char* name : {"t7", "t30", "t400"}) EXPECT_TRUE(says(figure, name)) << name;
    EXPECT_TRUE(says(figure, "likeliest of 500"));
    EXPECT_TRUE(says(figure, "the others together"));
    // The likeliest now stands first; its line is its class, not its place in the list.
    ASSERT_EQ(figure.regions.size(), 1u);
    const Box box = figure.regions[0].box;
    const auto hit = figure.hit({box.x + 5, box.y + 5});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"probabilities", {7}}));
}

TEST(BarsBefore, OfAListOfTheLikeliestTheOthersAreNotAllOthers) {
    std::vector<float> list(100, 0.001f);
    const Figure figure = bars(chances(list));
    EXPECT_TRUE(says(figure, "likeliest of 100"));
    EXPECT_FALSE(says(figure, "the others together"));
}

TEST(BarsBefore, WhatIsSelectedStaysSoInTheRanking) {
    const Trace trace = chances(many({{7, 0.5f}, {30, 0.4f}}));
    ViewState state;
    state.selected = focus_of(trace, {"probabilities", {30}});
    const BarRow row = bar_row(trace, trace.tensor("probabilities"), state);
    ASSERT_TRUE(row.ranked);
    EXPECT_EQ(row.state.selected.on(row.slice.col()), 1);
    state.selected = focus_of(trace, {"probabilities", {499}});
    EXPECT_FALSE(bar_row(trace, trace.tensor("probabilities"), state).state.selected.on(row.slice.col()));
}

TEST(BarsBefore, ValuesAreThoseOfAllClassesBothTimes) {
    const Trace trace = with_untouched(chances(many({{7, 0.5f}})), chances(many({{400, 0.8f}})));
    ViewState state;
    state.tensor = "probabilities";
    const auto shown = view("bars").shown(trace, state);
    ASSERT_EQ(shown.size(), 2u);
    EXPECT_EQ(shown[0].values.size(), 500);
    EXPECT_EQ(shown[1].name, "probabilities.untouched");
    EXPECT_FLOAT_EQ(shown[1].values.data()[400], 0.8f);
}

}  // namespace
}  // namespace saccade::bars_before_test
