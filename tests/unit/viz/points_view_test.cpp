#include <algorithm>
#include <cmath>

#include "figure_checks.hpp"
#include "figure_items.hpp"
#include "vision_trace.hpp"
#include "viz/view.hpp"
#include "viz_testing.hpp"

namespace saccade::points_view_test {
namespace {

using namespace test;

/// Six control points in a grey picture of 40 x 10 px, the second moved by hand and the last far beyond it; the mesh of a
/// picture that is read in it; two handles; and points of another picture that stand still.
Trace points_trace() {
    Trace trace;
    const auto axis = [&](const char* name, AxisKind kind, Index extent, std::vector<std::string> labels = {}) {
        return trace.add_axis({name, kind, extent, std::move(labels), ""});
    };
    const AxisPtr y = axis("image.y", AxisKind::y, 10), x = axis("image.x", AxisKind::x, 40),
                  color = axis("color", AxisKind::channel, 1), point = axis("point", AxisKind::feature, 6),
                  coordinate = axis("coordinate", AxisKind::feature, 2, {"x", "y"}),
                  handle = axis("handle", AxisKind::feature, 2, {"curve", "turn"}), ry = axis("y", AxisKind::y, 5),
                  rx = axis("x", AxisKind::x, 11);
    trace.add({"image", Role::input, "I", "Picture", "", {y, x, color}}, Tensor<float>({10, 40, 1}, 0.5f));
    Tensor<float> points = Tensor<float>::from({6, 2}, {0, 0, 0.5f, 0.25f, 1, 0, 0, 1, 0.5f, 1, 7, 1}), before = points.clone();
    before.data()[2] = 0.4f;
    trace.add({"control_points", Role::state, "c", "Control points", "", {point, coordinate}}, points, before);
    Tensor<float> grid({5, 11, 2});
    for (Index r = 0; r < 5; ++r)
        for (Index c = 0; c < 11; ++c) {
            grid.data()[(r * 11 + c) * 2] = static_cast<float>(c) / 10;
            grid.data()[(r * 11 + c) * 2 + 1] = static_cast<float>(r) / 4;
        }
    trace.add({"grid", Role::state, "p", "", "", {ry, rx, coordinate}}, grid);
    trace.add({"word.handles", Role::state, "h", "Drawn word", "", {handle, coordinate}},
              Tensor<float>::from({2, 2}, {0.5f, 0.5f, 0.9f, 0.5f}));
    trace.add({"rectified.picture", Role::state, "I'", "", "", {ry, rx, color}}, Tensor<float>({5, 11, 1}, 0.25f));
    trace.add({"rectified.points", Role::input, "c'", "", "", {point, coordinate}}, points);
    return trace;
}

Box picture_of(const Figure& figure) {
    const auto pictures = items_of<ImageItem>(figure);
    EXPECT_EQ(pictures.size(), 1u);
    return pictures.empty() ? Box{} : pictures.front().box;
}

TEST(PointsView, HandlesOfTheWindowAreNotOnPaper) {
    const Trace trace = points_trace();
    ViewState state = state_for("points", "control_points");
    EXPECT_TRUE(says(figure_of(trace, state), "curve"));
    state.marks = false;
    const Figure figure = figure_of(trace, state);
    EXPECT_FALSE(says(figure, "curve"));
    EXPECT_EQ(figure.handles.size(), 6u) << "the control points themselves are";
}

TEST(PointsView, PutsEachPointWhereItIsInThePictureAndLetsItBeDragged) {
    const Trace trace = points_trace();
    for (const auto& [width, height] : {std::pair{700.0, 300.0}, std::pair{220.0, 400.0}, std::pair{420.0, 160.0}}) {
        ViewState state = state_for("points", "control_points");
        state.width = width;
        state.height = height;
        const Figure figure = figure_of(trace, state);
        const Box box = picture_of(figure);
        EXPECT_NEAR(box.w / box.h, 4, 0.25);
        ASSERT_EQ(figure.handles.size(), 8u) << "and those of the handles in the same picture";
        const PlaceHandle& second = figure.handles[1];
        EXPECT_EQ(second.x, (CellRef{"control_points", {1, 0}}));
        EXPECT_EQ(second.y, (CellRef{"control_points", {1, 1}}));
        EXPECT_NEAR(second.grip.x + second.grip.w / 2, box.x + 0.5 * box.w, 1e-6);
        EXPECT_NEAR(second.grip.y + second.grip.h / 2, box.y + 0.25 * box.h, 1e-6);
        // Where a hand lets it go is where it stands: the cells' values at the edges of what it moves in.
        const auto value = [](double at, double edge, double side, const PlaceHandle& h) {
            return h.near + (at - edge) / side * (h.far - h.near);
        };
        EXPECT_NEAR(value(box.x + 0.5 * box.w, second.picture.x, second.picture.w, second), 0.5, 1e-9);
        EXPECT_NEAR(value(box.y + 0.25 * box.h, second.picture.y, second.picture.h, second), 0.25, 1e-9);
        EXPECT_LT(second.near, 0);
        // Far beyond: at the edge of the room around the picture, which the figure holds.
        const PlaceHandle& last = figure.handles[5];
        EXPECT_GT(last.grip.x + last.grip.w / 2, box.right());
        EXPECT_LT(last.grip.x + last.grip.w / 2, width);
        const auto hit = figure.hit({box.x + 0.5 * box.w, box.y + 0.25 * box.h});
        ASSERT_TRUE(hit);
        EXPECT_EQ(hit->ref, (CellRef{"control_points", {1, -1}}));
        const auto pixel = figure.hit({box.x + 0.3 * box.w + 1, box.y + 0.7 * box.h + 1});
        ASSERT_TRUE(pixel);
        EXPECT_EQ(pixel->ref, (CellRef{"image", {7, 12, 0}}));
    }
}

TEST(PointsView, DrawsTheMeshItsEdgesAndWhatAHandMoved) {
    const Trace trace = points_trace();
    ViewState state = state_for("points", "control_points");
    const Figure figure = figure_of(trace, state);
    const auto lines = items_of<LineItem>(figure);
    EXPECT_EQ(std::ranges::count_if(lines, [](const LineItem& l) { return l.points.size() == 9; }), 11);
    EXPECT_EQ(std::ranges::count_if(lines, [](const LineItem& l) { return l.points.size() == 25; }), 5);
    EXPECT_EQ(std::ranges::count_if(lines, [](const LineItem& l) { return l.points.size() == 3; }), 4)
        << "two edges, each cased";
    const auto chosen = [&](const Figure& of) {
        const Color color = theme("dark").selection;
        return std::ranges::count_if(items_of<CircleItem>(of), [&](const CircleItem& c) {
            return c.fill.r == color.r && c.fill.g == color.g && c.fill.b == color.b;
        });
    };
    EXPECT_EQ(chosen(figure), 1) << "the mark of the hand";
    state.selected = focus_of(trace, {"control_points", {2, -1}});
    EXPECT_EQ(chosen(figure_of(trace, state)), 2);
    EXPECT_TRUE(says(figure, "curve"));
    // A cell of the picture that is read is shown where it is read.
    const std::size_t usual = figure.items.size();
    state.selected = focus_of(trace, {"grid", {2, 5, -1}});
    EXPECT_GT(figure_of(trace, state).items.size(), usual);
}

TEST(PointsView, LeavesWhatStandsStillAlone) {
    const Trace trace = points_trace();
    const Figure still = figure_of(trace, state_for("points", "rectified.points"));
    EXPECT_TRUE(still.handles.empty());
    EXPECT_EQ(picture_of(still).w / picture_of(still).h > 2, true) << "in its own picture, of 11 x 5 px";
    EXPECT_FALSE(says(still, "curve"));
    const Figure handles = figure_of(trace, state_for("points", "word.handles"));
    EXPECT_EQ(handles.handles.size(), 2u);
    EXPECT_EQ(handles.handles[1].tip, "drag: turn");
    EXPECT_TRUE(view("points").accepts(trace, trace.tensor("word.handles")));
    EXPECT_FALSE(view("points").accepts(trace, trace.tensor("grid")));
}

}  // namespace
}  // namespace saccade::points_view_test
