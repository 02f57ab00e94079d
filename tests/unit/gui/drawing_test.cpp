#include "controller_fixture.hpp"
#include "image/digits.hpp"

namespace saccade::drawing_test {
namespace {

/// Places that are dragged, and the pen.
class DrawingTest : public ControllerTest {
 protected:
    DrawingTest() {
        act_.choose_exhibit("glimpses");
        settle();
    }
    const std::vector<Intervention>& list() const { return state_.document.side().request.interventions; }
    std::array<float, 2> place(Index glimpse) const {
        const Tensor<float>& places = state_.document.trace()->tensor("glimpse.fixation").values;
        return {places.at({glimpse, 0}), places.at({glimpse, 1})};
    }
    static PlaceHandle handle(Index glimpse) {
        return {{}, {}, {"glimpse.fixation", {glimpse, 0}}, {"glimpse.fixation", {glimpse, 1}}};
    }
    std::string picture() const { return state_.document.side().request.params.text("image"); }
};

TEST_F(DrawingTest, ADraggedPlaceFollowsTheMouseAndAllLaterOnesAreDecidedAnew) {
    const auto before = place(1), last = place(5);
    const std::size_t entries = state_.history.undo.size();
    // The picture stands at (100, 50) and is 400 x 200 px; the mouse takes hold a little beside the place.
    const std::array<float, 4> box = {100, 50, 400, 200};
    const float at_x = 100 + (before[0] + 1) * 200, at_y = 50 + (before[1] + 1) * 100;
    act_.hand().begin_place_drag(handle(1), box, at_x + 3, at_y - 2);
    act_.hand().drag_place(at_x + 4, at_y - 2);  // less than what counts as a drag
    EXPECT_TRUE(list().empty());
    act_.hand().drag_place(423, 98);
    act_.hand().end_place_drag();
    settle();
    EXPECT_EQ(list().size(), 2u);
    EXPECT_NEAR(place(1)[0], (420.0f - 100) / 200 - 1, 2e-3);
    EXPECT_NEAR(place(1)[1], (100.0f - 50) / 100 - 1, 2e-3);
    EXPECT_TRUE(place(5) != last);
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    // Beyond the edge it stays at the edge; it is the same two interventions.
    act_.hand().begin_place_drag(handle(1), box, 420, 100);
    act_.hand().drag_place(9000, -9000);
    act_.hand().end_place_drag();
    settle();
    EXPECT_EQ(list().size(), 2u);
    EXPECT_EQ(place(1), (std::array<float, 2>{1, -1}));
    act_.inputs().set_param("glimpses", std::int64_t{1});
    settle();
    EXPECT_FALSE(state_.document.running());
}

TEST_F(DrawingTest, ThePenDrawsAStrokeIsOneEditAndClearTakesAllAway) {
    act_.scenes().take_pen(true);
    act_.scenes().clear_shapes();
    settle();
    ASSERT_NE(act_.scenes().scene(0), nullptr);
    EXPECT_TRUE(act_.scenes().scene(0)->shapes.empty());
    bool said = false;
    for (const Note& note : state_.document.trace()->notes())
        said = said || note.text.find("nothing is drawn") != std::string::npos;
    EXPECT_TRUE(said);
    const std::size_t entries = state_.history.undo.size();
    act_.scenes().press(0, 0.5, 0.2, {0, 0, 100, 100});
    for (int i = 1; i <= 60; ++i) act_.scenes().drag(0.5, 0.2 + 0.01 * i);
    act_.scenes().release();
    settle();
    EXPECT_EQ(state_.history.undo.size(), entries + 1);
    ASSERT_EQ(act_.scenes().scene(0)->shapes.size(), 1u);
    const SceneShape& stroke = act_.scenes().scene(0)->shapes[0];
    EXPECT_EQ(stroke.kind, ShapeKind::stroke);
    EXPECT_EQ(stroke.color, "white");
    EXPECT_NEAR(stroke.y, 0.5, 0.01);
    EXPECT_LE(stroke.points.size(), 3u) << "a straight one needs its ends alone";
    EXPECT_EQ(state_.document.trace()->texts().at("output").substr(0, 1), "1");
    // A second stroke joins the drawing: put down, the pen moves them together.
    act_.scenes().press(0, 0.3, 0.8, {0, 0, 100, 100});
    act_.scenes().drag(0.7, 0.8);
    act_.scenes().release();
    act_.scenes().take_pen(false);
    EXPECT_EQ(group_of(*act_.scenes().scene(0), 0).size(), 2u);
    act_.scenes().press(0, 0.5, 0.5, {0, 0, 100, 100});
    act_.scenes().drag(0.4, 0.5);
    act_.scenes().release();
    EXPECT_NEAR(act_.scenes().scene(0)->shapes[0].x, 0.4, 0.01);
    settle();
}

}  // namespace
}  // namespace saccade::drawing_test
