#include "ui/present.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ui/cards.hpp"
#include "ui/commands.hpp"
#include "ui/full_screen.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/gui/gl_context.hpp"

namespace saccade::present_test {
namespace {

TEST(Present, WalksThePointsAndStopsAtBothEnds) {
    Presentation p;
    p.follow("alignment", 3);
    p.back();
    EXPECT_EQ(p.point, 0u);
    EXPECT_TRUE(p.at_start());
    for (int i = 0; i < 5; ++i) {
        p.next();
        p.take_pages(1);
    }
    EXPECT_EQ(p.point, 2u);
    EXPECT_TRUE(p.at_end());
    p.back();
    p.take_pages(1);
    EXPECT_EQ(p.point, 1u);
}

TEST(Present, TurnsThePagesOfALongPointBeforeItGoesOn) {
    Presentation p;
    p.follow("alignment", 2);
    p.take_pages(3);
    p.next();
    p.next();
    EXPECT_EQ(p.point, 0u);
    EXPECT_EQ(p.page, 2u);
    EXPECT_FALSE(p.at_end());
    p.next();
    p.take_pages(1);
    EXPECT_EQ(p.point, 1u);
    EXPECT_EQ(p.page, 0u);
    p.back();
    p.take_pages(3);
    EXPECT_EQ(p.point, 0u);
    EXPECT_EQ(p.page, 2u);  // where it was left
    p.take_pages(2);        // larger type, a smaller window
    EXPECT_EQ(p.page, 1u);
}

TEST(Present, GoesOnWhereItStoppedAndBeginsAnotherExhibitAtItsFirstPoint) {
    Presentation p;
    p.start();
    p.follow("alignment", 4);
    p.next();
    p.spotlight = true;
    p.end();
    EXPECT_FALSE(p.on || p.spotlight);
    p.start();
    p.follow("alignment", 4);
    EXPECT_EQ(p.point, 1u);
    p.follow("transformer", 5);
    EXPECT_EQ(p.point, 0u);
    p.follow("none", 0);
    p.next();
    p.back();
    EXPECT_EQ(p.point, 0u);
    EXPECT_TRUE(p.at_end());
}

TEST(Present, EscShowsABlankScreenAgainPutsTheSpotlightOutAndThenEnds) {
    Presentation p;
    p.start();
    p.blank = Presentation::Blank::black;
    p.spotlight = true;
    p.escape();
    EXPECT_TRUE(p.on && p.spotlight);
    EXPECT_EQ(p.blank, Presentation::Blank::none);
    p.escape();
    EXPECT_TRUE(p.on) << "the spotlight goes first";
    EXPECT_FALSE(p.spotlight);
    p.escape();
    EXPECT_FALSE(p.on);
}

TEST(Present, APointerThatNobodyMovesPointsAtNothing) {
    Presentation p;
    p.start();
    EXPECT_TRUE(p.pointer_rests(10, 20, false, 100));  // where it was left
    EXPECT_FALSE(p.pointer_rests(11, 20, false, 101));
    EXPECT_FALSE(p.pointer_rests(11, 20, false, 102.5));
    EXPECT_TRUE(p.pointer_rests(11, 20, false, 103.5));
    EXPECT_FALSE(p.pointer_rests(11, 20, true, 104));
    p.spotlight = true;
    EXPECT_FALSE(p.pointer_rests(11, 20, false, 200));
}

/// A card's title, 13 logical px, is at least a 45th of the picture's height: at every projector as large to the room.
TEST(Present, TypeIsTheSamePartOfEveryPicture) {
    for (const auto& [width, height] : {std::pair{1024, 768}, {1280, 720}, {1600, 1000}, {1920, 1080}, {3840, 2160}})
        EXPECT_GE(13 * present_scale(width, height, 1), height / 45.0) << width << " x " << height;
    EXPECT_GT(present_scale(1920, 1080, 1.2), present_scale(1920, 1080, 1));
    EXPECT_GE(present_scale(640, 480, least_present_size), 0.7);
    EXPECT_LT(present_scale(600, 2000, 1), present_scale(2000, 2000, 1));  // a tall window has as much beside each other
}

using PresentingTest = ControllerTest;

TEST_F(PresentingTest, HasASizeOfItsOwn) {
    const double before = state_.view.ui_scale;
    start_presenting(state_, act_);
    change_scale(state_, act_, 0.1);
    EXPECT_DOUBLE_EQ(state_.view.present_size, 1.1);
    EXPECT_DOUBLE_EQ(state_.view.ui_scale, before);
    EXPECT_DOUBLE_EQ(shown_scale(state_, 1024, 768), present_scale(1024, 768, 1.1));
    for (int i = 0; i < 30; ++i) change_scale(state_, act_, 0.1);
    EXPECT_DOUBLE_EQ(state_.view.present_size, largest_present_size);
    reset_scale(state_, act_);
    EXPECT_DOUBLE_EQ(state_.view.present_size, 1);
    state_.present.end();
    EXPECT_DOUBLE_EQ(shown_scale(state_, 1024, 768), before);
}

TEST_F(PresentingTest, EndsWhatWouldTakeItsMouse) {
    state_.document.hand.mask.on = true;
    state_.search.open = true;
    start_presenting(state_, act_);
    EXPECT_FALSE(state_.document.hand.mask.on);
    EXPECT_FALSE(state_.search.open);
}

TEST_F(PresentingTest, ShowsOneViewAfterTheOtherAndThenAll) {
    std::set<std::string> alone;
    for (std::string card = next_card_alone(state_); !card.empty(); card = next_card_alone(state_)) {
        ASSERT_TRUE(alone.insert(card).second) << card << " comes again";
        act_.stage().enlarge(card);
        EXPECT_EQ(views_of(state_, state_.document.exhibit(), 0).size(), 1u);
    }
    EXPECT_GT(alone.size(), 1u);
    act_.stage().enlarge({});
    EXPECT_EQ(views_of(state_, state_.document.exhibit(), 0).size(), alone.size());
}

TEST_F(PresentingTest, IsFoundByItsNameAndHearsItsKeysAlone) {
    const auto starts = [](const Command& command) { return command.title == "Present" && command.in_palette; };
    EXPECT_EQ(std::ranges::count_if(commands(), starts), 1);
    for (const Command& command : commands())
        if (heard_in_present(command)) {
            const std::size_t undo = state_.history.undo.size();
            const Params before = state_.document.side().request.params;
            state_.present.start();
            command.run(state_, act_);
            EXPECT_TRUE(state_.document.side().request.params == before && state_.history.undo.size() == undo)
                << command.title << " changes the document";
        }
}

/// A window of 300 x 200 at 40, 30, under no window manager: it gets what it asks for.
class FullScreenTest : public testing::Test {
 protected:
    FullScreenTest() : full_(glfwGetCurrentContext()) {
        glfwSetWindowPos(window(), 40, 30);
        glfwSetWindowSize(window(), 300, 200);
        glfwShowWindow(window());
        await([this] { return size() == std::pair{300, 200}; });
    }
    GLFWwindow* window() const { return glfwGetCurrentContext(); }
    std::pair<int, int> size() const {
        int width = 0, height = 0;
        glfwGetWindowSize(window(), &width, &height);
        return {width, height};
    }
    std::pair<int, int> place() const {
        int x = 0, y = 0;
        glfwGetWindowPos(window(), &x, &y);
        return {x, y};
    }
    template <class Condition>
    void await(Condition holds) const {
        while (!holds()) glfwWaitEventsTimeout(0.01);  // ctest's limit is the limit
    }
    GlContext context_;
    FullScreen full_;
};

TEST_F(FullScreenTest, FillsTheScreenAndStandsAgainWhereItStood) {
    const GLFWvidmode* mode = glfwGetVideoMode(glfwGetPrimaryMonitor());
    EXPECT_EQ(full_.enter(), "");
    EXPECT_TRUE(full_.fills());
    await([&] { return size() == std::pair{mode->width, mode->height}; });
    EXPECT_FALSE(full_.lost());
    full_.leave();
    EXPECT_FALSE(full_.fills());
    await([this] { return size() == std::pair{300, 200} && place() == std::pair{40, 30}; });
}

TEST_F(FullScreenTest, AScreenThatIsUnpluggedLeavesTheWindow) {
    const GLFWvidmode* mode = glfwGetVideoMode(glfwGetPrimaryMonitor());
    ASSERT_EQ(full_.enter(), "");
    glfwSetWindowMonitor(window(), nullptr, 0, 0, mode->width, mode->height, 0);  // as GLFW does when a screen goes
    EXPECT_TRUE(full_.lost());
    EXPECT_FALSE(full_.lost());  // said once
    EXPECT_FALSE(full_.fills());
    await([this] { return size() == std::pair{300, 200} && place() == std::pair{40, 30}; });
    full_.leave();  // nothing is left to leave
    EXPECT_EQ(size(), (std::pair{300, 200}));
}

}  // namespace
}  // namespace saccade::present_test
