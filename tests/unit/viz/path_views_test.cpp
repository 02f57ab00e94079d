#include <algorithm>
#include <cmath>

#include "figure_items.hpp"
#include "vision_trace.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::path_views_test {
namespace {

using namespace test;

/// Three places on a picture of 20 x 10 px, seen at two scales; the second was moved by hand.
Trace path_trace(bool all = true) {
    Trace trace;
    const auto axis = [&](const char* name, AxisKind kind, Index extent, std::vector<std::string> labels = {}) {
        return trace.add_axis({name, kind, extent, std::move(labels), ""});
    };
    const AxisPtr step = axis("glimpse", AxisKind::step, 3, {"1", "2", "3"}),
                  place = axis("place", AxisKind::feature, 2, {"x", "y"});
    const AxisPtr scale = axis("scale", AxisKind::channel, 2, {"4 px", "8 px"}), y = axis("cell.y", AxisKind::y, 4),
                  x = axis("cell.x", AxisKind::x, 4);
    const AxisPtr py = axis("picture.y", AxisKind::y, 10), px = axis("picture.x", AxisKind::x, 20),
                  color = axis("color", AxisKind::channel, 1), one = axis("one", AxisKind::feature, 1),
                  path = axis("path", AxisKind::batch, 5);
    Tensor<float> places = Tensor<float>::from({3, 2}, {0, 0, -0.5, 0.5, 3, -1}), before = places.clone();
    before.data()[2] = 0.25f;
    trace.add({"look.place", Role::state, "l", "Where it looks", "", {step, place}}, places, before);
    Tensor<float> seen({3, 2, 4, 4});
    for (Index i = 0; i < seen.size(); ++i) seen.data()[i] = static_cast<float>(i % 7) / 7;
    trace.add({"look.seen", Role::state, "", "What it sees", "", {step, scale, y, x}}, seen);
    if (!all) return trace;
    trace.add({"look.picture", Role::input, "", "", "", {py, px, color}}, Tensor<float>({10, 20, 1}, 0.5f));
    trace.add({"look.policy", Role::state, "", "", "", {step, place}}, Tensor<float>({3, 2}, 0.5f));
    trace.add({"look.deviation", Role::input, "", "", "", {one}}, Tensor<float>({1}, 0.2f));
    trace.add({"look.reach", Role::input, "", "", "", {scale}}, Tensor<float>::from({2}, {4, 8}));
    trace.add({"look.fan", Role::state, "", "", "", {path, step, place}}, Tensor<float>({5, 3, 2}, -0.5f));
    return trace;
}

TEST(PathView, PutsEachPlaceWhereItIsInThePictureAndLetsItBeDragged) {
    const Trace trace = path_trace();
    ViewState state = state_for("path", "look.place");
    state.selected = focus_of(trace, {"look.place", {1, -1}});
    const Figure figure = figure_of(trace, state);
    const auto maps = items_of<HeatmapItem>(figure);
    ASSERT_EQ(maps.size(), 1u);
    const Box box = maps[0].box;
    EXPECT_NEAR(box.w / box.h, 2, 0.02);
    // The one that is looked at lies above the others.
    ASSERT_EQ(figure.handles.size(), 4u);
    const PlaceHandle& top = figure.handles.back();
    EXPECT_EQ(top.x, (CellRef{"look.place", {1, 0}}));
    EXPECT_EQ(top.y, (CellRef{"look.place", {1, 1}}));
    EXPECT_EQ(top.picture.w, box.w);
    EXPECT_NEAR(top.grip.x + top.grip.w / 2, box.x + 0.25 * box.w, 1e-6);
    EXPECT_NEAR(top.grip.y + top.grip.h / 2, box.y + 0.75 * box.h, 1e-6);
    // Beyond the picture: at its edge.
    const PlaceHandle& last = figure.handles[2];
    EXPECT_NEAR(last.grip.x + last.grip.w / 2, box.right(), 1e-6);
    EXPECT_NEAR(last.grip.y + last.grip.h / 2, box.y, 1e-6);
    const auto hit = figure.hit({box.x + 0.25 * box.w, box.y + 0.75 * box.h});
    ASSERT_TRUE(hit);
    EXPECT_EQ(hit->ref, (CellRef{"look.place", {1, -1}}));
    for (const char* number : {"1", "2", "3"})
        EXPECT_EQ(std::ranges::count(items_of<TextItem>(figure), std::string(number), &TextItem::text), 1) << number;
}

TEST(PathView, DrawsThePolicyTheFanAndWhatAHandMoved) {
    const Trace trace = path_trace();
    ViewState state = state_for("path", "look.place");
    state.selected = focus_of(trace, {"look.place", {1, -1}});
    const auto rings = [](const Figure& figure) {
        return std::ranges::count_if(items_of<LineItem>(figure), [](const LineItem& line) { return line.points.size() > 40; });
    };
    const auto dots = [](const Figure& figure, Color color) {
        return std::ranges::count_if(items_of<CircleItem>(figure), [&](const CircleItem& c) {
            return c.fill.r == color.r && c.fill.g == color.g && c.fill.b == color.b;
        });
    };
    const Figure figure = figure_of(trace, state);
    EXPECT_EQ(rings(figure), 2);
    EXPECT_EQ(dots(figure, theme("dark").further[0]), 5);
    // The place itself, and the mark of the hand: that place alone was moved.
    EXPECT_EQ(dots(figure, theme("dark").selection), 2);
    // After the last place there is no next one.
    state.selected = focus_of(trace, {"look.place", {2, -1}});
    EXPECT_EQ(rings(figure_of(trace, state)), 0);
    // With nothing beside it there is still the path.
    const Trace bare = path_trace(false);
    const Figure plain = figure_of(bare, state_for("path", "look.place"));
    EXPECT_EQ(plain.handles.size(), 4u);
    EXPECT_EQ(rings(plain), 0);
}

TEST(PatchesView, ShowsEachStepInEachScaleWithoutOverlap) {
    const Trace trace = path_trace();
    for (const auto& [width, height] : {std::pair{700.0, 300.0}, std::pair{220.0, 400.0}, std::pair{420.0, 160.0}}) {
        ViewState state = state_for("patches", "look.seen");
        state.width = width;
        state.height = height;
        const Figure figure = figure_of(trace, state);
        const auto maps = items_of<HeatmapItem>(figure);
        ASSERT_EQ(maps.size(), 6u) << width;
        for (std::size_t i = 0; i < maps.size(); ++i) {
            EXPECT_GE(maps[i].box.x, 0);
            EXPECT_LE(maps[i].box.right(), width);
            EXPECT_LE(maps[i].box.bottom(), height);
            EXPECT_EQ(maps[i].normalization.high, 1);
            for (std::size_t k = 0; k < i; ++k)
                EXPECT_TRUE(maps[i].box.x >= maps[k].box.right() || maps[k].box.x >= maps[i].box.right() ||
                            maps[i].box.y >= maps[k].box.bottom() || maps[k].box.y >= maps[i].box.bottom());
        }
        const auto hit = figure.hit({maps[3].box.x + 1, maps[3].box.y + 1});
        ASSERT_TRUE(hit);
        EXPECT_EQ(hit->ref, (CellRef{"look.seen", {1, 1, 0, 0}}));
    }
}

}  // namespace
}  // namespace saccade::path_views_test
