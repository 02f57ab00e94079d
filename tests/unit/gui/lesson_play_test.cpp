#include "ui/lesson_play.hpp"

#include <algorithm>
#include <cmath>

#include "run/guess.hpp"
#include "ui/lit.hpp"
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

TEST_F(LessonPlayTest, APointOfAnExhibitsOwnLessonFramesWhatItsClaimIsAbout) {
    settle();
    const std::vector<Finding>& found = state_.document.side().lesson;
    const std::size_t points = state_.document.exhibit().lesson.points.size();
    ASSERT_EQ(found.size(), points);
    const auto about = [&](std::size_t at, const std::string& tensor) {
        return found[at].claim && found[at].claim->tensor == tensor;
    };
    bool of_weights = false, of_nothing = false;
    for (std::size_t at = 0; at < points; ++at) {
        state_.present.point = at;
        state_.present.on = false;
        frame_point(state_);
        EXPECT_TRUE(framed_cards(state_).empty()) << "the panel shows all points at once";
        state_.present.on = true;
        frame_point(state_);
        const std::vector<std::string> cards = framed_cards(state_);
        if (about(at, "weights")) {
            of_weights = true;
            EXPECT_NE(std::ranges::find(cards, "heatmap/weights"), cards.end()) << at;
        }
        if (!found[at].claim) {
            of_nothing = true;
            EXPECT_TRUE(cards.empty()) << at;
        }
        for (const std::string& card : cards) EXPECT_TRUE(found[at].claim) << card;
    }
    EXPECT_TRUE(of_weights && of_nothing);
}

TEST_F(LessonPlayTest, EveryExhibitHasAPointThatFramesAView) {
    std::vector<std::string> without;
    for (const Exhibit& e : exhibits()) {
        if (e.lesson.empty()) continue;
        act_.choose_exhibit(e.id);
        settle();
        if (state_.document.side().trace() == nullptr) continue;  // it waits for a file of a person's own
        state_.present.on = true;
        bool any = false;
        for (std::size_t at = 0; at < e.lesson.points.size(); ++at) {
            state_.present.point = at;
            frame_point(state_);
            any = any || !framed_cards(state_).empty();
        }
        state_.present.on = false;
        if (!any) without.push_back(e.id);
    }
    EXPECT_EQ(without, std::vector<std::string>{});
}

}  // namespace
}  // namespace saccade::lesson_play_test
