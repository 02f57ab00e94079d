#include <algorithm>
#include <cmath>

#include "controller_fixture.hpp"

// Places in a picture that are dragged: cells that a hand sets, or what parameters put there.

namespace saccade::places_test {
namespace {

class PlacesTest : public ControllerTest {
 protected:
    void SetUp() override {
        act_.choose_exhibit("reading");
        settle();
    }
    /// Point i of a tensor, taken hold of on a picture of 200 x 100 px and moved by so many px.
    void drag(const std::string& tensor, Index i, float dx, float dy) {
        PlaceHandle handle;
        handle.x = {tensor, {i, 0}};
        handle.y = {tensor, {i, 1}};
        handle.near = 0;
        handle.far = 1;
        act_.hand().begin_place_drag(handle, {0, 0, 200, 100}, 50, 50);
        act_.hand().drag_place(50 + dx / 2, 50 + dy / 2);
        settle();
        act_.hand().drag_place(50 + dx, 50 + dy);
        act_.hand().end_place_drag();
        settle();
    }
    double at(const char* tensor, Index i, Index p) const {
        return static_cast<double>(state_.document.trace()->tensor(tensor).values.at({i, p}));
    }
    std::vector<Intervention>& list() { return state_.document.side().request.interventions; }
    double number(const char* name) {
        const Params& params = state_.document.side().request.params;
        return params.has(name) ? params.number(name) : std::get<double>(spec(name).fallback);
    }
    const ParamSpec& spec(const char* name) const {
        return *std::ranges::find(state_.document.exhibit().params, std::string(name), &ParamSpec::name);
    }
};

TEST_F(PlacesTest, AControlPointIsSetByHandAndComesBack) {
    const double x = at("control_points", 3, 0), y = at("control_points", 3, 1);
    drag("control_points", 3, 20, 10);
    ASSERT_EQ(list().size(), 2u);
    EXPECT_NEAR(at("control_points", 3, 0), std::clamp(x, 0.0, 1.0) + 0.1, 2e-3);
    EXPECT_NEAR(at("control_points", 3, 1), std::clamp(y, 0.0, 1.0) + 0.1, 2e-3);
    drag("control_points", 3, 900, 0);
    EXPECT_EQ(at("control_points", 3, 0), 1) << "no farther than its picture goes";
    EXPECT_EQ(list().size(), 2u);
    act_.undo();
    act_.undo();
    settle();
    EXPECT_TRUE(list().empty());
    EXPECT_NEAR(at("control_points", 3, 0), x, 1e-6);
}

TEST_F(PlacesTest, AHandleSetsWhatPutsItThere) {
    const double bend = number("bend");
    drag("word.handles", 0, 0, 10);
    EXPECT_TRUE(list().empty()) << "no hand on the run: a setting";
    EXPECT_NEAR(number("bend"), bend - 0.1 / 0.45 * 150, 2);
    EXPECT_TRUE(state_.document.reload_fields) << "its field shows it";
    EXPECT_NEAR(at("word.handles", 0, 1), 0.5 - number("bend") / 150 * 0.45, 1e-5);
    act_.undo();
    settle();
    EXPECT_EQ(number("bend"), bend) << "one drag is one entry";
    drag("word.handles", 2, 8, 0);
    EXPECT_GT(number("far_x"), 0.2);
    EXPECT_EQ(number("far_y"), 0);
}

}  // namespace
}  // namespace saccade::places_test
