#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "io/npz.hpp"
#include "ui/saved_view.hpp"
#include "ui/token_search.hpp"
#include "unit/gui/controller_fixture.hpp"
#include "unit/scratch.hpp"
#include "unit/viz/viz_testing.hpp"
#include "viz/kept_positions.hpp"

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
        const std::string path = test::scratch_path("part.npz");
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
        const TraceTensor& weights = state_.document.trace()->tensor("weights");
        const auto& axes = weights.info.axes;
        const auto part = [&](std::size_t at, PartAxis::Runs runs) {
            return part_axis(axes[at], axes[at]->extent, {}, {}, runs);
        };
        return *part_place({100, 50, 200, 200}, {part(2, PartAxis::Runs::across), part(1, PartAxis::Runs::down)}, weights);
    }
    std::size_t undos() const { return state_.history.undo.size(); }
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
    EXPECT_EQ(place().axes[0].axis->at(0), 8);
    EXPECT_EQ(place().axes[0].axis->extent, 33);
    act_.undo();
    settle();
    EXPECT_EQ(part(), "");
    EXPECT_EQ(place().axes[0].axis->extent, 64);
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
    EXPECT_EQ(state_.document.stage.selected.cell.index[1] + place().axes[1].axis->at(0), 7);
    state_.search.columns = true;
    go_to_found(state_, act_, -1);
    settle();
    EXPECT_EQ(state_.document.stage.selected.cell.index[2] + place().axes[0].axis->at(0), 47);
    state_.search.text = "nothing like it";
    go_to_found(state_, act_, 1);
    EXPECT_TRUE(found_tokens(state_).empty());
}

/// Of exhibits that read all of their text the views leave positions out.
class PartOfViewTest : public ControllerTest {
 protected:
    PartPlace place() const {
        const Figure figure = view("heatmap").layout(*state_.document.trace(), state(), measure_);
        return figure.parts.at(0);
    }
    ViewState state() const {
        ViewState view;
        view.view = "heatmap";
        view.tensor = "weights";
        view.decorations = false;
        view.options = state_.document.options;
        return view;
    }
    std::string shown(const std::string& axis) const {
        const auto& positions = state_.document.options.positions;
        return positions.contains(axis) ? positions_text(positions.at(axis)) : "all";
    }
    Index rows() const { return state_.document.trace()->tensor("weights").values.shape()[0]; }
    Index columns() const { return state_.document.trace()->tensor("weights").values.shape()[1]; }
    test::PlainMeasure measure_;
};

TEST_F(PartOfViewTest, the_wheel_zooms_and_undo_goes_back) {
    const std::uint64_t asked = act_.runs().asked();
    const std::size_t before = state_.history.undo.size();
    act_.part().zoom(0, place(), 0, 1, 0.5);
    EXPECT_EQ(shown("source"), "1-" + std::to_string((columns() + 1) / 2));
    EXPECT_EQ(shown("output"), std::to_string(rows() / 2 + 1) + "-" + std::to_string(rows()));
    act_.part().zoom(0, place(), 0, 1, 0.9);
    EXPECT_EQ(state_.history.undo.size(), before + 1) << "one gesture, one entry";
    EXPECT_TRUE(act_.part().is_cut());
    act_.undo();
    EXPECT_EQ(shown("source"), "all");
    act_.redo();
    EXPECT_NE(shown("source"), "all");
    act_.part().show_all();
    EXPECT_FALSE(act_.part().is_cut());
    EXPECT_EQ(act_.runs().asked(), asked) << "nothing is computed again";
}

TEST_F(PartOfViewTest, it_is_dragged_moved_and_shown_whole_again) {
    act_.part().zoom(0, place(), 0, 0, 0.5);
    const std::string source = shown("source");
    act_.part().press(0, place(), false, {100, 100}, {200, 200});
    act_.part().drag({-300, 100});
    EXPECT_EQ(state_.document.options.positions.at("source").back(), columns() - 1) << "the last, and no further";
    EXPECT_EQ(shown("output").substr(0, 2), "1-");
    act_.part().release();
    act_.part().pan(0, place(), -5, 0);
    EXPECT_EQ(shown("source"), source);
    act_.part().show_all(0, place());
    EXPECT_TRUE(state_.document.options.positions.empty());
}

TEST_F(PartOfViewTest, keys_zoom_about_the_selected_cell_and_it_stays_in_sight) {
    act_.select_on(0, {"weights", {rows() - 1, columns() - 1}});
    for (int press = 0; press < 3; ++press) act_.part().zoom_selected(0.8);
    EXPECT_EQ(state_.document.options.positions.at("source").back(), columns() - 1);
    EXPECT_EQ(state_.document.options.positions.at("output").back(), rows() - 1);
    const auto count = state_.document.options.positions.at("source").size();
    act_.part().pan_selected(-1, 0);
    EXPECT_LT(state_.document.options.positions.at("source").back(), columns() - 1);
    for (Index column = columns() - 1; column >= 0; --column) {
        act_.stage().move_selection(0, -1);
        act_.part().reveal_selected();
        const auto& positions = state_.document.options.positions.at("source");
        const Index selected = state_.document.stage.selected.marks.at("source");
        EXPECT_TRUE(std::ranges::binary_search(positions, selected)) << selected;
        EXPECT_EQ(positions.size(), count);
    }
}

TEST_F(PartOfViewTest, zooming_ends_at_a_few_positions_and_a_shorter_text_is_shown) {
    for (int notch = 0; notch < 40; ++notch) act_.part().zoom(0, place(), 1, 1, 0.8);
    EXPECT_EQ(state_.document.options.positions.at("source").size(), 4u);
    set_source("1 May 2021");
    EXPECT_NO_THROW(place());
    for (int notch = 0; notch < 40; ++notch) act_.part().zoom(0, place(), 0.5, 0.5, 1.25);
    EXPECT_FALSE(act_.part().is_cut());
}

TEST_F(PartOfViewTest, a_session_keeps_it) {
    act_.part().zoom(0, place(), 0, 0, 0.5);
    const auto positions = state_.document.options.positions;
    const SavedView saved = saved_view_from_json(to_json(saved_view(state_.document, state_.view)));
    EXPECT_EQ(saved.options.positions, positions);
}

}  // namespace
}  // namespace saccade::part_shown_test
