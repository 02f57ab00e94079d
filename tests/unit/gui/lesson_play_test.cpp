#include "ui/lesson_play.hpp"

#include <algorithm>
#include <cmath>

#include "run/guess.hpp"
#include "unit/gui/controller_fixture.hpp"

namespace saccade::lesson_play_test {
namespace {

class LessonPlayTest : public ControllerTest {
 protected:
    void play(const std::string& name, std::size_t scene) {
        act_.lesson().open(load_lesson(bundled_lesson_path(name)));
        act_.lesson().show(scene);
        settle();
        while (state_.lesson.judged[0] != state_.document.sides[0].shown.trace) act_.poll();
    }
};

/// What no text is long enough for is masked in the mean over texts.
TEST_F(LessonPlayTest, WhatIsMaskedInARowHasNoShareOfTheAnswer) {
    play("head-statistics", 1);
    ASSERT_TRUE(act_.lesson().covered());
    act_.lesson().reveal();
    const GuessState& guess = state_.lesson.guess;
    const TraceTensor& row = guess.matrix->tensor(guess.row.tensor);
    ASSERT_FALSE(std::isfinite(row.values.at({4, 15}))) << "this row has something masked";
    ASSERT_EQ(guess.answer.size(), 16u);
    EXPECT_EQ(guess.answer[15], 0);
    EXPECT_GT(guess.answer[0], 0.8f);
    const double off = guess_distance(guess.guess, guess.answer);
    EXPECT_TRUE(off > 0.5 && off < 1) << off;
}

TEST_F(LessonPlayTest, TheLessonOfAnExhibitIsAmongThoseOffered) {
    const std::vector<OfferedLesson>& all = act_.lesson().offered();
    EXPECT_EQ(std::ranges::count(all, state_.document.exhibit().id, &OfferedLesson::exhibit), 1);
    play("alignment", 0);
    EXPECT_TRUE(act_.lesson().on_stage() && !act_.lesson().changed());
    EXPECT_FALSE(state_.lesson.unsaved()) << "what was opened is as it was saved";
}

}  // namespace
}  // namespace saccade::lesson_play_test
