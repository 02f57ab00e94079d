#include "ui/tour.hpp"

#include <gtest/gtest.h>

#include "unit/gui/controller_fixture.hpp"

namespace saccade::tour_test {
namespace {

class TourTest : public ControllerTest {
 protected:
    using Clock = TourState::Clock;
    static constexpr auto moment = std::chrono::seconds(10);  // more than it waits for what was done to be seen

    int step() const { return state_.tour.step ? static_cast<int>(*state_.tour.step) + 1 : 0; }
    void go_to_step(int wanted) {
        act_.tour().start();
        while (step() < wanted) act_.tour().next();
    }
    /// What the person has done is noticed, and then seen for a while.
    void see() {
        act_.tour().poll();
        act_.tour().poll(Clock::now() + moment);
    }
};

TEST_F(TourTest, IsWalkedThroughAndEndsAsSeen) {
    EXPECT_FALSE(act_.tour().on_screen());
    act_.tour().start();
    for (int at = 1; at <= static_cast<int>(tour_steps); ++at, act_.tour().next()) {
        EXPECT_EQ(step(), at);
        EXPECT_TRUE(act_.tour().on_screen());
        EXPECT_FALSE(state_.view.tour_seen);
    }
    EXPECT_EQ(step(), 0);
    EXPECT_TRUE(state_.view.tour_seen);
}

TEST_F(TourTest, GoesBackToItsFirstStepAndIsLeftAnywhere) {
    go_to_step(3);
    act_.tour().back();
    EXPECT_EQ(step(), 2);
    act_.tour().back();
    act_.tour().back();
    EXPECT_EQ(step(), 1);
    act_.tour().leave();
    EXPECT_EQ(step(), 0);
    EXPECT_TRUE(state_.view.tour_seen);
    act_.tour().next();  // of a tour that is over
    act_.tour().back();
    EXPECT_EQ(step(), 0);
}

TEST_F(TourTest, GoesOnAMomentAfterATextWasTyped) {
    go_to_step(1);
    see();
    EXPECT_EQ(step(), 1) << "nothing was typed";
    set_source("1 May 2021");
    act_.tour().poll();
    EXPECT_EQ(step(), 1) << "what came of it is not seen";
    act_.tour().poll(Clock::now() + moment);
    EXPECT_EQ(step(), 2);
}

TEST_F(TourTest, ATextThatCannotBeReadIsNotYetTyped) {
    go_to_step(1);
    set_source("");
    see();
    EXPECT_EQ(step(), 1);
}

TEST_F(TourTest, GoesOnAfterAClickInTheMapButNotAfterAnotherRun) {
    go_to_step(2);
    set_source("1 May 2021");  // what is selected moves by itself
    see();
    EXPECT_EQ(step(), 2);
    act_.select_on(0, {"weights", {2, 1}});
    see();
    EXPECT_EQ(step(), 3);
}

TEST_F(TourTest, GoesOnAfterAWeightWasLetGo) {
    go_to_step(3);
    act_.hand().begin_weight_drag({"weights", {2, 1}}, 100, 160);
    act_.hand().drag_weight(40);
    settle();
    see();
    EXPECT_EQ(step(), 3) << "it is still held";
    act_.hand().end_weight_drag();
    settle();
    see();
    EXPECT_EQ(step(), 4);
}

TEST_F(TourTest, GoesOnAtOnceWhereSomethingElseOpens) {
    go_to_step(4);
    act_.go_to("self-attention");
    act_.tour().poll();
    EXPECT_EQ(step(), 5);
    state_.desk.open = true;
    act_.tour().poll();
    EXPECT_EQ(step(), 0);
    EXPECT_TRUE(state_.view.tour_seen);
}

TEST_F(TourTest, AnotherExhibitBeginsTheStepAnew) {
    go_to_step(1);
    act_.go_to("memory");  // has other settings, but nobody typed them
    settle();
    see();
    EXPECT_EQ(step(), 1);
}

TEST_F(TourTest, WaitsBelowDialogsAndPresent) {
    go_to_step(2);
    state_.palette_open = true;
    EXPECT_FALSE(act_.tour().on_screen());
    EXPECT_EQ(top_layer(state_, false, true), Layer::palette);
    state_.palette_open = false;
    state_.present.start();
    EXPECT_FALSE(act_.tour().on_screen());
    state_.present.end();
    EXPECT_TRUE(act_.tour().on_screen());
    EXPECT_EQ(top_layer(state_, false, true), Layer::tour) << "Esc leaves it from a field, too";
    EXPECT_EQ(step(), 2);
}

TEST_F(TourTest, TheFirstSceneIsALessonsAndItsBandClosesIt) {
    ASSERT_TRUE(act_.tour().open_first_scene());
    settle();
    EXPECT_TRUE(act_.tour().shows_band());
    EXPECT_FALSE(state_.view.lesson);
    EXPECT_TRUE(act_.lesson().on_stage());
    EXPECT_EQ(state_.lesson.problem, "");
    EXPECT_EQ(state_.document.stage.selected.cell.tensor, "weights");
    const std::string written = output();
    act_.tour().start();
    EXPECT_FALSE(act_.tour().shows_band()) << "the tour has its own card";
    act_.tour().leave();
    EXPECT_FALSE(act_.tour().shows_band()) << "it has offered what was taken";
    EXPECT_EQ(state_.lesson.file, nullptr);
    EXPECT_EQ(output(), written);
}

TEST_F(TourTest, TheBandSpeaksOfAnotherSentenceInOtherWords) {
    ASSERT_TRUE(act_.tour().open_first_scene());
    settle();
    EXPECT_TRUE(act_.tour().as_it_was());
    act_.inputs().set_param("source", std::string("我爱中国。"));
    settle();
    EXPECT_TRUE(act_.tour().shows_band());
    EXPECT_FALSE(act_.tour().as_it_was());
}

TEST_F(TourTest, TheFirstSceneStaysBehindWhereAnotherExhibitOrLessonIsOpened) {
    ASSERT_TRUE(act_.tour().open_first_scene());
    act_.go_to("transformer");
    settle();
    EXPECT_FALSE(act_.tour().shows_band());
    EXPECT_EQ(state_.lesson.file, nullptr) << "Present would go back to it";
    ASSERT_TRUE(act_.tour().open_first_scene());
    act_.lesson().open(load_lesson(bundled_lesson_path("seeing-with-attention")));
    settle();
    EXPECT_FALSE(act_.tour().shows_band());
    ASSERT_NE(state_.lesson.file, nullptr) << "the lesson that a person opened";
}

}  // namespace
}  // namespace saccade::tour_test
