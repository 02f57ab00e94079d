#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "figure_items.hpp"
#include "sample_trace.hpp"
#include "vision_trace.hpp"
#include "viz/difference.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::vision_views_test {
namespace {

using namespace test;
using Overlay = ViewOptions::Overlay;

/// Boxes outlined in the colour of what is selected.
std::vector<Box> selected_boxes(const Figure& figure) {
    std::vector<Box> boxes;
    for (const RectItem& r : items_of<RectItem>(figure))
        if (r.stroke == theme("dark").selection) boxes.push_back(r.box);
    return boxes;
}

TEST(Overlay, LaysTheMapOverTheWholePictureAndSharesBoth) {
    const Trace trace = vision_trace(16, 8, 6, {"a", "ship"}, 80, 60);
    const Figure figure = figure_of(trace, state_for("overlay", "block.spatial"));
    const auto images = items_of<ImageItem>(figure);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(images.size(), 1u);
    ASSERT_EQ(maps.size(), 1u);
    EXPECT_EQ(images[0].pixels.data(), trace.tensor("image").values.data());
    EXPECT_EQ(maps[0].values.data(), trace.tensor("block.spatial").values.data());
    EXPECT_EQ(maps[0].box.x, images[0].box.x);
    EXPECT_EQ(maps[0].box.w, images[0].box.w);
    EXPECT_NEAR(images[0].box.w / images[0].box.h, 60.0 / 80, 0.01);
    EXPECT_DOUBLE_EQ(maps[0].opacity, 0.65);
    // Where there is nothing the picture is as it is; the largest value has all of the opacity.
    const Normalization& scale = maps[0].normalization;
    EXPECT_EQ(heatmap_color(maps[0], maps[0].map->diverging ? 0.5 * (scale.low + scale.high) : scale.low).a, 0);
    EXPECT_EQ(heatmap_color(maps[0], scale.high).a, static_cast<int>(std::lround(255 * 0.65)));
    EXPECT_FALSE(items_of<HeatmapItem>(figure_of(trace, state_for("map-stages", "block.spatial")))[0].fades);
    ASSERT_TRUE(figure.image_box);
    EXPECT_EQ(figure.image_box->x, images[0].box.x);
    ASSERT_EQ(figure.image_places.size(), 1u);
    EXPECT_EQ(figure.image_places[0].map, (CellRef{"block.spatial", {-1, -1}}));
}

TEST(Overlay, APointOfThePictureIsACellOfTheMap) {
    const Trace trace = vision_trace(16, 8, 6);
    for (const Overlay mode : {Overlay::map, Overlay::contours, Overlay::side_by_side, Overlay::off}) {
        ViewState state = state_for("overlay", "block.features");
        state.options.overlay = mode;
        state.selected = focus_of(trace, {"block.features", {5, -1, -1}});
        const Figure figure = figure_of(trace, state);
        const Box box = *figure.image_box;
        const auto hit = figure.hit({box.x + box.w * (2.5 / 6), box.y + box.h * (7.5 / 8)});
        ASSERT_TRUE(hit) << to_string(mode);
        EXPECT_EQ(hit->ref, (CellRef{"block.features", {5, 7, 2}})) << to_string(mode);
        EXPECT_FALSE(hit->editable);
    }
}

TEST(Overlay, BeginsWithTheChannelThatSaysMost) {
    const Trace trace = vision_trace(16, 8, 8);
    const float* gate = trace.tensor("block.gate").values.data();
    const Index open = std::max_element(gate, gate + 16) - gate;
    EXPECT_EQ(figure_of(trace, state_for("overlay", "block.features")).image_places[0].map.index[0], open);
    Trace without;
    const AxisPtr c = without.add_axis({"channel", AxisKind::channel, 3, {}, "c"}),
                  y = without.add_axis({"y", AxisKind::y, 2, {}, "y"}), x = without.add_axis({"x", AxisKind::x, 2, {}, "x"});
    without.add({"features", Role::state, "F", "Features", "", {c, y, x}},
                Tensor<float>::from(Shape{3, 2, 2}, {1, 1, 1, 1, -3, -3, 0, std::nanf(""), 2, 0, 0, 0}));
    EXPECT_EQ(figure_of(without, state_for("overlay")).regions[0].ref.index[0], 1);
}

TEST(Overlay, SelectedCellsAreOutlinedWhicheverTensorTheyAreOf) {
    const Trace trace = vision_trace(16, 8, 8);
    ViewState state = state_for("overlay", "block.spatial");
    state.selected = focus_of(trace, {"block.features", {3, 5, 2}});
    const Figure figure = figure_of(trace, state);
    const auto boxes = selected_boxes(figure);
    ASSERT_EQ(boxes.size(), 1u);
    EXPECT_NEAR(boxes[0].x, figure.image_box->x + 2 * figure.image_box->w / 8, 0.01);
    EXPECT_NEAR(boxes[0].y, figure.image_box->y + 5 * figure.image_box->h / 8, 0.01);
}

TEST(Overlay, LocationsOfWeightsAreCellsOfMaps) {
    const Trace trace = vision_trace(16, 8, 8);
    const Focus of_weights = focus_of(trace, {"weights", {1, 42}});
    EXPECT_EQ(of_weights.on(trace.axis("y")), 5);
    EXPECT_EQ(of_weights.on(trace.axis("x")), 2);
    const Focus of_map = focus_of(trace, {"map", {1, 5, 2}});
    EXPECT_EQ(of_map.on(trace.axis("location")), 42);
    EXPECT_FALSE(focus_of(trace, {"map", {1, -1, -1}}).on(trace.axis("location")));
}

TEST(Overlay, OptionsSayWhatIsDrawn) {
    const Trace trace = vision_trace(16, 8, 8);
    ViewState state = state_for("overlay", "block.spatial");
    EXPECT_FALSE(says(figure_of(trace, state), "opacity"));
    state.options.opacity = 0.3;
    state.options.map_threshold = 0.4;
    state.options.smooth = true;
    const Figure changed = figure_of(trace, state);
    EXPECT_TRUE(says(changed, "opacity 0.30"));
    EXPECT_TRUE(says(changed, "smooth"));
    EXPECT_TRUE(says(changed, "0.40 of the scale"));
    EXPECT_TRUE(items_of<HeatmapItem>(changed)[0].smooth);
    state.options.overlay = Overlay::off;
    EXPECT_TRUE(items_of<HeatmapItem>(figure_of(trace, state)).empty());
    state.options.overlay = Overlay::side_by_side;
    const auto beside = items_of<HeatmapItem>(figure_of(trace, state));
    ASSERT_EQ(beside.size(), 1u);
    EXPECT_DOUBLE_EQ(beside[0].opacity, 1);
    state.options = {};
    state.options.overlay = Overlay::contours;
    const Figure lines = figure_of(trace, state);
    EXPECT_TRUE(items_of<HeatmapItem>(lines).empty());
    EXPECT_GE(items_of<LineItem>(lines).size(), 4u);
    EXPECT_TRUE(says(lines, "contours at"));
}

TEST(ViewOptions, EveryNameThatAViewHeedsIsAnOption) {
    for (const View* v : views())
        for (const std::string& name : v->options())
            EXPECT_TRUE(std::ranges::any_of(view_options(), [&](const ViewOption& o) { return o.spec.name == name; }))
                << v->id() << ": " << name;
}

TEST(Overlay, OptionsSurviveJson) {
    ViewOptions options;
    EXPECT_TRUE(to_json(options).empty());
    options.overlay = Overlay::side_by_side;
    options.opacity = 0.25;
    options.smooth = true;
    options.map_threshold = 0.5;
    options.sort = ViewOptions::Sort::number;
    EXPECT_EQ(view_options_from_json(to_json(options)), options);
    EXPECT_EQ(view_options_from_json({{"opacity", 7.0}}).opacity, 1);
    EXPECT_EQ(error_of([] { view_options_from_json({{"overlay", "veil"}}); }).code(), ErrorCode::bad_format);
    EXPECT_EQ(error_of([] { view_options_from_json({{"opacity", "much"}}); }).code(), ErrorCode::bad_format);
}

TEST(Overlay, WithoutAPictureTheMapStandsAlone) {
    Trace trace = plain_trace(Tensor<float>(Shape{4, 4}, 0.5f), Role::map, {AxisKind::y, AxisKind::x});
    const Figure figure = figure_of(trace, state_for("overlay"));
    EXPECT_TRUE(items_of<ImageItem>(figure).empty());
    EXPECT_FALSE(figure.image_box);
    ASSERT_EQ(items_of<HeatmapItem>(figure).size(), 1u);
    EXPECT_DOUBLE_EQ(items_of<HeatmapItem>(figure)[0].opacity, 1);
}

TEST(Overlay, ShowsThePictureItself) {
    const Trace trace = vision_trace(4, 3, 3, {"a"}, 30, 90);
    const Figure figure = figure_of(trace, state_for("overlay", "image"));
    ASSERT_EQ(items_of<ImageItem>(figure).size(), 1u);
    EXPECT_TRUE(items_of<HeatmapItem>(figure).empty());
    const auto hit = figure.hit({figure.image_box->x + 1, figure.image_box->y + 1});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"image", {0, 0, -1}}));
}

TEST(Overlay, ADifferenceLiesOverThePictureOfB) {
    const Trace a = vision_trace(4, 3, 3), b = vision_trace(4, 3, 3);
    const Trace difference = difference_of(a, b);
    const Figure figure = figure_of(difference, difference_state(state_for("overlay", "block.spatial")));
    ASSERT_EQ(items_of<ImageItem>(figure).size(), 1u);
    EXPECT_EQ(items_of<ImageItem>(figure)[0].pixels.data(), b.tensor("image").values.data());
    EXPECT_TRUE(items_of<HeatmapItem>(figure)[0].map->diverging);
    EXPECT_LT(items_of<HeatmapItem>(figure)[0].normalization.low, 0);
}

TEST(MapGallery, StandsByTheGateAndAClickNamesTheChannel) {
    const Trace trace = vision_trace(16, 8, 8);
    const Figure figure = figure_of(trace, state_for("map-gallery", "block.features"));
    const auto grids = items_of<HeatmapGridItem>(figure);
    ASSERT_EQ(grids.size(), 1u);
    EXPECT_EQ(grids[0].values.data(), trace.tensor("block.features").values.data());
    const float* gate = trace.tensor("block.gate").values.data();
    for (std::size_t i = 1; i < 16; ++i) EXPECT_GE(gate[grids[0].order[i - 1]], gate[grids[0].order[i]]);
    const Box place = grid_place(grids[0], 1, 2);
    const Index channel = grids[0].order[static_cast<std::size_t>(grids[0].map_cols + 2)];
    const auto hit = figure.hit({place.x + place.w * 0.3, place.y + place.h * 0.9});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"block.features", {channel, 7, 2}}));
    ViewState by_number = state_for("map-gallery", "block.features");
    by_number.options.sort = ViewOptions::Sort::number;
    EXPECT_EQ(items_of<HeatmapGridItem>(figure_of(trace, by_number))[0].order[3], 3);
}

TEST(MapGallery, HoldsThousandsOfChannels) {
    const Trace trace = vision_trace(2048, 4, 4);
    ViewState state = state_for("map-gallery", "block.features", 1600, 1000);
    state.selected = focus_of(trace, {"block.gate", {1234}});
    const Figure figure = figure_of(trace, state);
    EXPECT_LT(figure.items.size(), 60u);
    EXPECT_LT(figure.regions.size(), 100u);
    const auto boxes = selected_boxes(figure);
    ASSERT_EQ(boxes.size(), 1u);
    const auto hit = figure.hit({boxes[0].x + boxes[0].w / 2, boxes[0].y + boxes[0].h / 2});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref.index[0], 1234);
}

TEST(MapGallery, DrawsInASmallCardAsManyAsCanBeMadeOut) {
    const Trace trace = vision_trace(2048, 4, 4);
    ViewState state = state_for("map-gallery", "block.features", 480, 320);
    const auto drawn = [&] {
        std::vector<Index> channels = items_of<HeatmapGridItem>(figure_of(trace, state))[0].order;
        std::erase(channels, -1);
        return channels;
    };
    const std::vector<Index> largest = drawn();
    EXPECT_GT(largest.size(), 50u);
    EXPECT_LT(largest.size(), 300u);
    const float* gate = trace.tensor("block.gate").values.data();
    const float least = gate[largest.back()];
    EXPECT_EQ(std::count_if(gate, gate + 2048, [&](float v) { return v > least; }), static_cast<long>(largest.size()) - 1);
    const std::string text = fmt::format("the largest gates: {} of 2048, 4 × 4", largest.size());
    EXPECT_TRUE(says(figure_of(trace, state), text)) << text;
    // What is selected is drawn wherever its gate stands.
    const Index shut = std::min_element(gate, gate + 2048) - gate;
    state.selected = focus_of(trace, {"block.gate", {shut}});
    EXPECT_EQ(drawn().back(), shut);
    EXPECT_EQ(selected_boxes(figure_of(trace, state)).size(), 1u);
    state.options.sort = ViewOptions::Sort::number;
    state.selected = {};
    EXPECT_EQ(drawn().back(), static_cast<Index>(largest.size()) - 1);
}

TEST(ChannelBars, StandBySizeAndAreDraggedAlongTheirLength) {
    const Trace trace = vision_trace(16, 8, 8);
    const Figure figure = figure_of(trace, state_for("channel-bars", "block.gate"));
    ASSERT_EQ(figure.regions.size(), 1u);
    const HitRegion& region = figure.regions[0];
    const float* gate = trace.tensor("block.gate").values.data();
    for (std::size_t i = 1; i < 16; ++i) EXPECT_GE(gate[region.col_map[i - 1]], gate[region.col_map[i]]);
    const auto hit = figure.hit({region.box.x + 1, region.box.y + 5});
    ASSERT_TRUE(hit);
    EXPECT_TRUE(hit->editable);
    EXPECT_EQ(hit->ref, (CellRef{"block.gate", {region.col_map[0]}}));
    EXPECT_NEAR(hit->px_per_unit, region.box.h, 1e-9);
    // The longest bar is as long as its value says.
    double longest = 0;
    for (const RectItem& r : items_of<RectItem>(figure))
        if (r.fill.a == 255) longest = std::max(longest, r.box.h);
    EXPECT_NEAR(longest / hit->px_per_unit, gate[region.col_map[0]], 1e-3);
}

TEST(ChannelBars, AGateThatIsDraggedKeepsItsPlace) {
    Trace trace;
    const AxisPtr c = trace.add_axis({"channel", AxisKind::channel, 3, {}, "c"});
    trace.add({"gate", Role::gate, "s", "Gate", "", {c}}, Tensor<float>::from(Shape{3}, {0.1f, 0.05f, 0.6f}),
              Tensor<float>::from(Shape{3}, {0.1f, 0.9f, 0.6f}));
    const Figure figure = figure_of(trace, state_for("channel-bars"));
    EXPECT_EQ(figure.regions[0].col_map, (std::vector<Index>{1, 2, 0}));
    ViewState state = state_for("channel-bars");
    state.selected = focus_of(trace, {"gate", {1}});
    EXPECT_TRUE(says(figure_of(trace, state), "0.05"));
}

TEST(WordStrip, OnePictureAWordWithTheWordBelow) {
    const Trace trace = vision_trace(4, 8, 8, {"a", "ship", "on", "the", "sea"});
    ViewState state = state_for("word-strip", "map");
    state.selected = focus_of(trace, {"map", {1, -1, -1}});
    const Figure figure = figure_of(trace, state);
    EXPECT_EQ(items_of<ImageItem>(figure).size(), 6u);  // the picture alone, too
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 5u);
    EXPECT_TRUE(says(figure, "each map on its own scale"));
    EXPECT_EQ(figure.image_places.size(), 6u);
    EXPECT_TRUE(figure.image_places[0].map.empty());
    for (const TextItem& t : items_of<TextItem>(figure))
        if (t.text == "ship") {
            EXPECT_EQ(t.color, theme("dark").selection);
            EXPECT_NEAR(t.at.x, maps[1].box.x + maps[1].box.w / 2, 0.01);
            EXPECT_GT(t.at.y, maps[1].box.bottom());
        }
    const auto hit = figure.hit({maps[4].box.x + maps[4].box.w - 1, maps[4].box.y + 1});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"map", {4, 0, 7}}));
}

TEST(WordStrip, OutlinesTheRegionOfAWord) {
    Trace trace = vision_trace(4, 8, 8);
    const AxisPtr word = trace.axis("output"), y = trace.axis("y"), x = trace.axis("x");
    EXPECT_FALSE(says(figure_of(trace, state_for("word-strip", "map")), "outlined"));
    Tensor<float> region(Shape{4, 8, 8});
    region.data()[(1 * 8 + 3) * 8 + 2] = region.data()[(1 * 8 + 3) * 8 + 3] = 1;
    trace.add({"gold", Role::map, "G", "Where the shape is", "", {word, y, x}}, region);
    ViewState state = state_for("overlay", "map");
    state.selected = focus_of(trace, {"map", {1, -1, -1}});
    const Figure overlay = figure_of(trace, state);
    EXPECT_TRUE(says(overlay, "outlined: where the shape is"));
    // Four sides, each with its edge, about the two cells.
    const auto lines = items_of<LineItem>(overlay);
    ASSERT_EQ(lines.size(), 8u);
    const Box box = *overlay.image_box;
    for (const LineItem& line : lines)
        for (const Point p : line.points) {
            EXPECT_NEAR(p.x, box.x + box.w * 3 / 8, box.w / 8 + 2);
            EXPECT_NEAR(p.y, box.y + box.h * 3.5 / 8, box.h / 16 + 2);
        }
    EXPECT_EQ(items_of<LineItem>(figure_of(trace, state_for("word-strip", "map"))).size(), 8u);
    state.selected = focus_of(trace, {"map", {0, -1, -1}});
    EXPECT_FALSE(says(figure_of(trace, state), "outlined"));
}

TEST(WordStrip, NetworksSideBySideHaveTheirOwnScaleAndTheirClass) {
    const Trace trace = vision_trace(4, 8, 8);
    const Figure figure = figure_of(trace, state_for("word-strip", "compare.grad_cam", 700, 260));
    EXPECT_EQ(items_of<HeatmapItem>(figure).size(), 3u);
    EXPECT_EQ(items_of<ImageItem>(figure).size(), 3u);
    EXPECT_TRUE(says(figure, "ship 0.81"));
    EXPECT_TRUE(says(figure, "CBAM"));
}

TEST(MapStages, ShowsWhatRunsOverTheSameCellsInOrder) {
    const Trace trace = vision_trace(4, 8, 8);
    const Figure figure = figure_of(trace, state_for("map-stages", "block.spatial"));
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 4u);  // features, mean, scores, map; neither words nor networks
    EXPECT_EQ(maps[3].values.data(), trace.tensor("block.spatial").values.data());
    EXPECT_TRUE(says(figure, "M_s = σ(e)"));
    const Tensor<float>& features = trace.tensor("block.features").values;
    float mean = 0;
    for (Index c = 0; c < 4; ++c) mean += features.at({c, 3, 4}) / 4;
    EXPECT_NEAR(maps[0].values.at({3, 4}), mean, 1e-6);
    ViewState state = state_for("map-stages", "block.spatial");
    state.selected = focus_of(trace, {"block.gate", {2}});
    EXPECT_EQ(items_of<HeatmapItem>(figure_of(trace, state))[0].values.at({3, 4}), features.at({2, 3, 4}));
}

TEST(VisionViews, SayInOneLineThatThereIsNothing) {
    const Trace none = plain_trace(Tensor<float>(Shape{0, 4, 4}), Role::map, {AxisKind::channel, AxisKind::y, AxisKind::x});
    for (const char* id : {"overlay", "map-gallery", "word-strip"})
        EXPECT_EQ(error_of([&] { figure_of(none, state_for(id)); }).code(), ErrorCode::invalid_input) << id;
    const Trace words = attention_trace({"a"}, {"b"});
    for (const char* id : {"overlay", "map-gallery", "word-strip", "map-stages", "channel-bars"})
        EXPECT_EQ(error_of([&] { figure_of(words, state_for(id)); }).code(), ErrorCode::not_found) << id;
}

}  // namespace
}  // namespace saccade::vision_views_test
