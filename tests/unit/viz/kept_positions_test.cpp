#include "viz/kept_positions.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "sample_trace.hpp"
#include "unit/viz/figure_items.hpp"
#include "viz/attention_plane.hpp"
#include "viz/layout.hpp"
#include "viz_testing.hpp"

namespace saccade::kept_positions_test {
namespace {

using namespace test;

constexpr Index n = 12;

ViewState state_of(const std::string& id, bool decorations = false) {
    ViewState state;
    state.view = id;
    state.tensor = "encoder.weights";
    state.decorations = decorations;
    state.width = 600;
    state.height = 420;
    return state;
}

Trace words_trace(Index length = n) {
    return stack_trace(2, 3, tokens("w", length));
}

Figure laid_out(const Trace& trace, const ViewState& state) {
    return view(state.view).layout(trace, state, PlainMeasure());
}

TEST(KeptPositions, texts_count_from_1_and_join_neighbours) {
    EXPECT_EQ(positions_text({2, 3, 4, 9}), "3-5,10");
    EXPECT_EQ(positions_text({}), "");
    EXPECT_EQ(positions_from("3-5,10"), (std::vector<Index>{2, 3, 4, 9}));
    EXPECT_TRUE(positions_from("all").empty());
    for (const char* text : {"0", "3-", "5-3", "a", "1,,2", "1-999999999", "1-100000,1-100000,1-100000"})
        EXPECT_NE(error_of([&] { positions_from(text); }).message().find("list of positions"), std::string::npos) << text;
}

TEST(KeptPositions, a_part_of_a_matrix_has_its_labels_its_numbers_and_its_cells) {
    const Trace trace = words_trace();
    ViewState state = state_of("heatmap");
    state.options.positions = {{"source", {2, 3, 4, 5}}, {"source.key", {6, 7, 8}}};
    state.selected.marks = {{"layer", 1}, {"head", 2}, {"source", 3}, {"source.key", 0}};
    const Figure figure = laid_out(trace, state);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 1u) << "twelve tokens need no picture of the whole";
    ASSERT_EQ(maps[0].values.shape(), (Shape{4, 3}));
    EXPECT_EQ(maps[0].values.at({1, 2}), trace.tensor("encoder.weights").values.at({1, 2, 3, 8}));
    EXPECT_TRUE(says(figure, "w2") && says(figure, "w8") && !says(figure, "w0"));
    EXPECT_NE(figure.subtitle.find("3–6 of 12"), std::string::npos) << figure.subtitle;
    EXPECT_NE(figure.subtitle.find("7–9 of 12"), std::string::npos) << figure.subtitle;
    // A click on a cell is one on the cell of the tensor.
    const Box map = figure.parts.at(0).map;
    const auto hit = figure.hit({map.right() - 2, map.y + 2});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref.index, (std::vector<Index>{1, 2, 2, 8}));
    const AttentionPlane plane = attention_plane(trace, trace.tensor("encoder.weights"), state);
    EXPECT_EQ(plane.state.selected.marks.at("source"), 1) << "the second of those that are shown";
    EXPECT_FALSE(plane.state.selected.marks.contains("source.key")) << "it is not on screen";
}

TEST(KeptPositions, what_is_not_there_any_more_is_not_missed) {
    const Trace trace = words_trace(5);
    ViewState state = state_of("heatmap");
    state.options.positions = {{"source", {8, 9}}, {"source.key", {3, 4, 5, 6}}, {"another", {0}}};
    const auto maps = items_of<HeatmapItem>(laid_out(trace, state));
    EXPECT_EQ(maps.at(0).values.shape(), (Shape{5, 2})) << "none of the rows is there: all are shown";
}

TEST(KeptPositions, colours_mean_the_same_in_every_part) {
    const Trace trace = words_trace();
    ViewState state = state_of("heatmap");
    state.tensor = "encoder.scores";
    const Normalization all = items_of<HeatmapItem>(laid_out(trace, state)).at(0).normalization;
    state.options.positions = {{"source", {2, 3}}, {"source.key", {6, 7}}};
    const HeatmapItem part = items_of<HeatmapItem>(laid_out(trace, state)).at(0);
    EXPECT_EQ(part.normalization.low, all.low);
    EXPECT_EQ(part.normalization.high, all.high);
    EXPECT_EQ(part.map->diverging,
              items_of<HeatmapItem>(laid_out(trace, state_of("heatmap"))).at(0).map->diverging || all.low < 0);
}

TEST(KeptPositions, all_heads_and_the_flow_show_the_same_part) {
    const Trace trace = words_trace();
    ViewState state = state_of("head-grid");
    state.options.positions = {{"source", {2, 3, 4, 5}}, {"source.key", {6, 7, 8}}};
    Figure figure = laid_out(trace, state);
    const auto grids = items_of<HeatmapGridItem>(figure);
    ASSERT_EQ(grids.size(), 1u);
    EXPECT_EQ(grids[0].kept_rows, (std::vector<Index>{2, 3, 4, 5}));
    EXPECT_EQ(grids[0].kept_cols, (std::vector<Index>{6, 7, 8}));
    ASSERT_EQ(figure.parts.size(), 1u);
    EXPECT_EQ(figure.parts[0].tiles_x, 3);
    EXPECT_EQ(figure.parts[0].tiles_y, 2);
    state.view = "flow";
    figure = laid_out(trace, state);
    EXPECT_TRUE(says(figure, "w2") && says(figure, "w8") && !says(figure, "w0") && !says(figure, "w9"));
    ASSERT_EQ(figure.parts.size(), 3u) << "keys above, queries below, both between them";
    EXPECT_EQ(figure.parts[1].axes.at(0).axis->name, "source.key");
    EXPECT_EQ(figure.parts[2].axes.at(0).axis->name, "source");
    EXPECT_EQ(figure.parts[2].axes.at(0).begin, 2);
    EXPECT_EQ(figure.parts[2].axes.at(0).end, 6);
}

TEST(KeptPositions, special_tokens_are_left_out_before_and_count_no_more) {
    const Trace trace = stack_trace(1, 2, {"<s>", "a", "b", "c", "d", "<end>"});
    ViewState state = state_of("heatmap");
    state.options.special = ViewOptions::Special::hide;
    state.options.positions = {{"source.key", {0, 1, 2}}};
    const Figure figure = laid_out(trace, state);
    EXPECT_EQ(items_of<HeatmapItem>(figure).at(0).values.shape(), (Shape{4, 2}));
    const PartAxis& keys = figure.parts.at(0).axes.at(0);
    EXPECT_EQ(keys.whole, 4);
    EXPECT_EQ(keys.end, 2);
    EXPECT_EQ(keys.positions, (std::vector<Index>{1, 2, 3, 4}));
    state.view = "head-grid";
    EXPECT_EQ(items_of<HeatmapGridItem>(laid_out(trace, state)).at(0).kept_cols, (std::vector<Index>{1, 2}));
}

TEST(KeptPositions, a_picture_of_the_whole_stands_there_beyond_64_tokens_from_the_first) {
    EXPECT_EQ(laid_out(words_trace(64), state_of("heatmap")).parts.at(0).whole.w, 0);
    const Trace trace = words_trace(80);
    EXPECT_GT(laid_out(trace, state_of("heatmap")).parts.at(0).whole.w, 40);
    ViewState state = state_of("heatmap");
    state.options.positions = {{"source", {20, 21, 22, 23}}, {"source.key", {40, 41, 42, 43}}};
    const Figure figure = laid_out(trace, state);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 2u);
    EXPECT_EQ(maps[1].values.shape(), (Shape{80, 80}));
    const Box whole = figure.parts.at(0).whole;
    const auto rects = items_of<RectItem>(figure);
    EXPECT_TRUE(std::ranges::any_of(rects, [&](const RectItem& rect) {
        return std::abs(rect.box.x - (whole.x + whole.w / 2)) < 5 && std::abs(rect.box.y - (whole.y + whole.h / 4)) < 5;
    })) << "the part is marked where it is";
    EXPECT_EQ(laid_out(trace, state_of("heatmap", true)).parts.at(0).whole.w, 0) << "a figure says it in its title";
}

TEST(KeptPositions, the_numbers_that_are_written_are_those_that_are_seen) {
    const Trace trace = words_trace();
    ViewState state = state_of("heatmap");
    state.options.positions = {{"source", {2, 3}}, {"source.key", {6, 9}}};
    const auto shown = view("heatmap").shown(trace, state);
    ASSERT_EQ(shown.size(), 1u);
    EXPECT_EQ(shown[0].values.shape(), (Shape{2, 2}));
    EXPECT_EQ(shown[0].axes[1]->labels, (std::vector<std::string>{"w6", "w9"}));
}

TEST(KeptPositions, bars_keep_the_row_that_is_in_focus) {
    const Trace trace = words_trace();
    ViewState state = state_of("bars");
    state.selected.marks = {{"source", 9}};
    const std::size_t bars = items_of<RectItem>(laid_out(trace, state)).size();
    state.options.positions = {{"source", {2, 3}}, {"source.key", {6, 7}}};
    EXPECT_EQ(items_of<RectItem>(laid_out(trace, state)).size(), bars);
}

TEST(KeptPositions, survive_their_json) {
    ViewOptions options;
    options.positions = {{"source", {2, 3, 4}}, {"source.key", {6, 9}}};
    EXPECT_EQ(view_options_from_json(to_json(options)), options);
    EXPECT_EQ(to_json(options)["positions"]["source.key"], "7,10");
    EXPECT_FALSE(to_json(ViewOptions()).contains("positions"));
    for (const char* text : {R"({"positions": 3})", R"({"positions": {"a": 3}})", R"({"positions": {"a": "0"}})"})
        EXPECT_EQ(error_of([&] { view_options_from_json(nlohmann::json::parse(text)); }).code(), ErrorCode::bad_format) << text;
}

TEST(KeptPositions, are_chosen_by_rows_and_columns) {
    const Trace trace = words_trace();
    ViewState state = state_of("heatmap");
    choose_positions(state, trace, "3-5", "7,10");
    EXPECT_EQ(state.options.positions.at("source"), (std::vector<Index>{2, 3, 4}));
    EXPECT_EQ(chosen_positions(state, trace), (std::array<std::string, 2>{"3-5", "7,10"}));
    choose_positions(state, trace, "all", "");
    EXPECT_EQ(chosen_positions(state, trace), (std::array<std::string, 2>{"", "7,10"}));
    const Error beyond = error_of([&] { choose_positions(state, trace, "13", ""); });
    EXPECT_EQ(beyond.message(), "there is no position 13: source has 12");
    state.view = "stages";
    EXPECT_NE(error_of([&] { choose_positions(state, trace, "1", ""); }).message().find("has no rows"), std::string::npos);
}

/// The angles of the texts that name columns.
std::vector<double> angles_of(const Figure& figure) {
    std::vector<double> angles;
    for (const TextItem& text : items_of<TextItem>(figure))
        if (text.text.starts_with("station")) angles.push_back(text.angle);
    return angles;
}

TEST(ColumnLabels, are_written_as_they_were_asked_for) {
    const Trace trace = attention_trace(tokens("station", 8), tokens("w", 6));
    for (const char* id : {"heatmap", "flow"}) {
        ViewState state = state_of(id, true);
        state.tensor = "weights";
        state.width = 330;
        using Choice = ViewOptions::Labels;
        const auto with = [&](Choice choice) {
            state.options.labels = choice;
            return laid_out(trace, state);
        };
        const auto every = [](const std::vector<double>& angles, double angle) {
            return !angles.empty() && std::ranges::all_of(angles, [&](double a) { return a == angle; });
        };
        EXPECT_EQ(angles_of(with(Choice::upright)), std::vector<double>(8, -90)) << id;
        EXPECT_EQ(angles_of(with(Choice::slanted)), std::vector<double>(8, -45)) << id;
        const auto thinned = angles_of(with(Choice::thinned));
        EXPECT_TRUE(every(thinned, 0) && thinned.size() < 8) << id;
        for (const TextItem& text : items_of<TextItem>(with(Choice::slanted))) {
            const Box ink = ink_box(text, PlainMeasure());
            EXPECT_TRUE(ink.x >= -1 && ink.y >= -1 && ink.right() <= 331 && ink.bottom() <= 421) << id << " " << text.text;
        }
        // On the stage the window decides.
        state.decorations = false;
        EXPECT_NE(angles_of(with(Choice::slanted)), std::vector<double>(8, -45)) << id;
    }
}

}  // namespace
}  // namespace saccade::kept_positions_test
