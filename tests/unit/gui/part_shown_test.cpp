#include <unistd.h>

#include "io/npz.hpp"
#include "ui/token_search.hpp"
#include "unit/gui/controller_fixture.hpp"

namespace saccade::part_shown_test {
namespace {

/// A capture of 64 tokens, named by three letters of which each comes again and again.
class PartShownTest : public ControllerTest {
 protected:
    PartShownTest() {
        Tensor<float> values(Shape{2, 64, 64});
        for (Index row = 0; row < 128; ++row) values.data()[row * 64 + row % 64] = 1;
        std::string labels;
        for (int i = 0; i < 64; ++i)
            labels += std::string(i > 0 ? ", " : "") + "\"" + (i % 20 == 7 ? "Tree" : "word") + std::to_string(i) + "\"";
        const std::string about =
            R"({"axes": [{"name": "token", "kind": "query", "labels": [)" + labels +
            R"(]}, {"name": "token.key", "kind": "key", "labels": [)" + labels +
            R"(]}], "tensors": [{"name": "a", "role": "weights", "axes": ["head", "token", "token.key"]}]})";
        const std::string path = testing::TempDir() + "saccade-part-" + std::to_string(getpid()) + ".npz";
        write_npz(path, {{"a", values, ""}, {"capture.json", {}, about}});
        act_.choose_exhibit("capture");
        settle();
        act_.inputs().set_param("path", path);
        pause();
        settle();
    }
    void pause() { act_.history().pause(); }
    std::string part() const {
        const Params& params = state_.document.side().request.params;
        return params.has("part") ? params.text("part") : "";
    }
    PartPlace place() const {
        const auto& axes = state_.document.trace()->tensor("weights").info.axes;
        return {{100, 50, 200, 200}, {320, 50, 64, 64}, axes[1], axes[2], {axes[0]}};
    }
    std::size_t undos() const { return state_.document.history.undo.size(); }
    void select(Index row, Index col) { act_.select_on(0, {"weights", {1, row, col}}); }
    std::vector<Index> selected() const { return state_.document.stage.selected.cell.index; }
};

TEST_F(PartShownTest, the_wheel_zooms_about_the_mouse) {
    const std::size_t before = undos();
    for (int notch = 0; notch < 3; ++notch) act_.part().zoom(0, place(), 0.25, 0.75, 0.8);
    // 64 -> 51 -> 41 -> 33; of the columns the 16th, of the rows the 48th stay where they are.
    EXPECT_EQ(part(), "query 24-56, key 9-41");
    EXPECT_EQ(undos(), before + 1) << "one gesture, one entry";
    settle();
    EXPECT_EQ(place().cols->at(0), 8);
    EXPECT_EQ(place().cols->extent, 33);
    act_.undo();
    settle();
    EXPECT_EQ(part(), "");
    EXPECT_EQ(place().cols->extent, 64);
}

TEST_F(PartShownTest, zooming_ends_at_a_few_positions_and_at_all) {
    for (int notch = 0; notch < 60; ++notch) act_.part().zoom(0, place(), 1, 0, 0.8);
    EXPECT_EQ(part(), "query 1-4, key 61-64");
    settle();
    for (int notch = 0; notch < 60; ++notch) act_.part().zoom(0, place(), 0.5, 0.5, 1.25);
    EXPECT_EQ(part(), "");
}

TEST_F(PartShownTest, the_map_follows_the_hand_and_stays_within_the_whole) {
    act_.inputs().set_param("part", std::string("query 11-20, key 21-30"));
    pause();
    settle();
    const std::size_t before = undos();
    act_.part().press(0, place(), false, {200, 100}, {200, 200});
    act_.part().drag({201, 101});
    EXPECT_EQ(undos(), before) << "a click is no drag";
    act_.part().drag({240, 60});
    act_.part().drag({260, 40});  // 60 px of 200 are 3 of 10 positions
    EXPECT_EQ(part(), "query 14-23, key 18-27");
    act_.part().drag({9000, -9000});
    EXPECT_EQ(part(), "query 55-64, key 1-10");
    act_.part().release();
    EXPECT_EQ(undos(), before + 1);
    act_.part().drag({0, 0});
    EXPECT_EQ(part(), "query 55-64, key 1-10") << "the button is up";
    act_.part().show_all();
    EXPECT_EQ(part(), "");
}

TEST_F(PartShownTest, the_rectangle_on_the_whole_is_dragged) {
    act_.inputs().set_param("part", std::string("head 2, query 11-20, key 21-30"));
    pause();
    settle();
    act_.part().press(0, place(), true, {340, 70}, {64, 64});
    act_.part().drag({356, 66});  // a position a px
    EXPECT_EQ(part(), "head 2, query 7-16, key 37-46");
    act_.part().release();
    act_.part().show_all();
    EXPECT_EQ(part(), "head 2");
}

TEST_F(PartShownTest, the_selected_cell_stays_what_it_is) {
    select(30, 20);
    act_.inputs().set_param("part", std::string("query 21-40, key 11-30"));
    settle();
    EXPECT_EQ(selected(), (std::vector<Index>{1, 10, 10}));
    EXPECT_EQ(state_.document.stage.explained.back(), state_.document.stage.selected.cell);
    act_.inputs().set_param("part", std::string("query 41-60, key 11-30"));
    settle();
    EXPECT_TRUE(state_.document.stage.selected.cell.empty()) << "it is out of sight, and no other takes its place";
    EXPECT_EQ(state_.document.stage.selected.marks.at("head"), 1);
    act_.part().show_all();
    settle();
    EXPECT_EQ(selected(), (std::vector<Index>{1, 30, 20}));
}

TEST_F(PartShownTest, a_token_is_found_and_brought_into_view) {
    open_search(state_);
    state_.search.text = "tree";
    EXPECT_EQ(found_tokens(state_), (std::vector<Index>{7, 27, 47}));
    EXPECT_EQ(found_at(state_), -1);
    go_to_found(state_, act_, 0);
    EXPECT_EQ(found_at(state_), 0);
    EXPECT_EQ(state_.document.stage.selected.cell.index[1], 7);
    EXPECT_EQ(part(), "") << "it was in sight";
    act_.inputs().set_param("part", std::string("query 1-20, key 1-20"));
    settle();
    go_to_found(state_, act_, 1);
    settle();
    EXPECT_EQ(part(), "query 19-38, key 19-38");
    EXPECT_EQ(state_.document.stage.selected.cell.index[1], 9);
    go_to_found(state_, act_, 1);
    go_to_found(state_, act_, 1);
    settle();
    EXPECT_EQ(found_at(state_), 0) << "round at the end";
    EXPECT_EQ(state_.document.stage.selected.cell.index[1] + place().rows->at(0), 7);
    state_.search.columns = true;
    go_to_found(state_, act_, -1);
    settle();
    EXPECT_EQ(state_.document.stage.selected.cell.index[2] + place().cols->at(0), 47);
    state_.search.text = "nothing like it";
    go_to_found(state_, act_, 1);
    EXPECT_TRUE(found_tokens(state_).empty());
}

}  // namespace
}  // namespace saccade::part_shown_test
