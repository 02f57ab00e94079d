#include "unit/gui/controller_fixture.hpp"

namespace saccade::controller_compare_test {
namespace {

TEST_F(ControllerTest, ComparingOpensBAsACopyAndOnlyBChanges) {
    act_.comparison().toggle();
    settle();
    ASSERT_TRUE(state_.document.comparing);
    EXPECT_EQ(state_.document.focus, 1u);
    ASSERT_NE(state_.document.difference, nullptr);
    for (const float v : state_.document.difference->tensor("weights").values.values()) EXPECT_EQ(v, 0);
    act_.inputs().set_param("temperature", 3.0);
    settle();
    EXPECT_DOUBLE_EQ(state_.document.sides[0].request.params.number("temperature"), 1);
    EXPECT_DOUBLE_EQ(state_.document.sides[1].request.params.number("temperature"), 3);
    const Tensor<float> a = state_.document.sides[0].trace()->tensor("weights").values;
    const Tensor<float> b = state_.document.sides[1].trace()->tensor("weights").values;
    EXPECT_NEAR(state_.document.difference->tensor("weights").values.at({2, 3}), b.at({2, 3}) - a.at({2, 3}), 1e-6);
}

TEST_F(ControllerTest, InputsAreSharedWhileTheyAreLinked) {
    act_.comparison().toggle();
    settle();
    set_source("2 June 1999");
    for (const Side& side : state_.document.sides) {
        EXPECT_EQ(side.request.params.text("source"), "2 June 1999");
        EXPECT_EQ(side.trace()->texts().at("output"), "1999-06-02");
    }
    act_.comparison().toggle_linked();
    set_source("3 July 2001");
    EXPECT_EQ(state_.document.sides[0].request.params.text("source"), "2 June 1999");
    EXPECT_EQ(state_.document.sides[1].request.params.text("source"), "3 July 2001");
    act_.comparison().focus_on(0);
    act_.comparison().toggle_linked();
    settle();
    EXPECT_EQ(state_.document.sides[1].request.params.text("source"), "2 June 1999");
}

TEST_F(ControllerTest, UndoGoesBackThroughBothSidesAndTheComparisonItself) {
    act_.comparison().toggle();
    act_.inputs().set_param("temperature", 3.0);
    settle();
    act_.comparison().focus_on(0);
    act_.hand().set_weight({"weights", {1, 1}}, 0.5);  // as a drag does, which remembers once
    act_.inputs().set_seed(11);
    settle();
    EXPECT_EQ(state_.document.sides[0].request.seed, 11u);
    act_.undo();
    settle();
    EXPECT_EQ(state_.document.sides[0].request.seed, 7u);
    EXPECT_DOUBLE_EQ(state_.document.sides[1].request.params.number("temperature"), 3);
    act_.undo();
    settle();
    EXPECT_DOUBLE_EQ(state_.document.sides[1].request.params.number("temperature"), 1);
    EXPECT_TRUE(state_.document.comparing);
    act_.undo();
    settle();
    EXPECT_FALSE(state_.document.comparing);
    EXPECT_EQ(state_.document.focus, 0u);
    act_.redo();
    act_.redo();
    settle();
    EXPECT_TRUE(state_.document.comparing);
    EXPECT_DOUBLE_EQ(state_.document.sides[1].request.params.number("temperature"), 3);
    EXPECT_FALSE(state_.document.sides[1].stale());
}

TEST_F(ControllerTest, ACellOfOneSideThatTheOtherHasNotIsNoEnd) {
    act_.comparison().toggle();
    act_.comparison().toggle_linked();
    set_source("1/1/21");
    const Index last = state_.document.sides[0].trace()->axis("source")->extent - 1;
    act_.comparison().focus_on(0);
    act_.stage().select({"weights", {3, last}});
    act_.stage().hover({"weights", {3, last}}, state_.document.sides[0].trace());
    act_.comparison().focus_on(1);
    EXPECT_FALSE(state_.document.stage.explanation.has_value());
    act_.select_on(1, {"weights", {3, last}});
    act_.stage().move_selection(0, 1);
    const CellRef both{"weights", {3, 1}};
    act_.select_on(0, both);
    EXPECT_EQ(state_.document.focus, 0u);
    EXPECT_EQ(state_.document.stage.explanation->cell, both);
}

TEST_F(ControllerTest, SwappingSidesSwapsWhatTheyAre) {
    act_.comparison().toggle();
    act_.inputs().set_param("temperature", 2.0);
    act_.comparison().swap();
    settle();
    EXPECT_DOUBLE_EQ(state_.document.sides[0].shown.request.params.number("temperature"), 2);
    EXPECT_DOUBLE_EQ(state_.document.sides[1].shown.request.params.number("temperature"), 1);
}

}  // namespace
}  // namespace saccade::controller_compare_test
