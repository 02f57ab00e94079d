#include "viz/whole_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "viz/kept_positions.hpp"
#include "viz/map_picture.hpp"

namespace saccade {

namespace {

constexpr double largest = 132, least = 44, gap = 16;  // px
constexpr Index beyond_positions = 64;

/// Where another part can be shown of the map in that box; across first.
std::optional<PartPlace> place_of(const TraceTensor& tensor, const Slice& slice, const Box& box) {
    return part_place(box, {slice.col_part, slice.row_part}, tensor);
}

/// So long that its picture stands there from the first, so that the map does not shrink under the mouse that zooms.
bool is_long(const PartAxis& one) {
    const AxisKind kind = one.axis->kind;
    return one.whole > beyond_positions && (kind == AxisKind::query || kind == AxisKind::key || kind == AxisKind::step);
}

/// Blocks of cells as one cell each, the largest of them, so that no more than `rows` x `cols` are left and no peak is lost.
Tensor<float> largest_of_blocks(const Tensor<float>& values, Index rows, Index cols) {
    const Index height = values.shape()[0], width = values.shape()[1];
    if (height <= rows && width <= cols) return values;
    const Index to_rows = std::min(rows, height), to_cols = std::min(cols, width);
    Tensor<float> blocks(Shape{to_rows, to_cols}, -std::numeric_limits<float>::infinity());
    for (Index y = 0; y < height; ++y)
        for (Index x = 0; x < width; ++x) {
            float& block = blocks.data()[y * to_rows / height * to_cols + x * to_cols / width];
            block = std::fmax(block, values.data()[y * width + x]);
        }
    return blocks;
}

/// The picture, in the scale that is asked for.
void draw_picture(Sketch& sketch, const Trace& trace, const AttentionPlane& plane, const HeatmapItem& map, const Box& box) {
    Tensor<float> all = values_of_whole(trace, plane);
    if (all.empty() && plane.slice.col_part.axis->part.whole == 0) all = plane.slice.values;  // all is shown
    if (all.empty()) return sketch.rect(box, sketch.theme().raised);
    ViewState state = plane.state;
    // Of rows that are blocks the largest of each says nothing more than that of all.
    if (state.scale == Normalization::Scale::per_row) state.scale = Normalization::Scale::largest;
    HeatmapItem item = map;
    item.box = box;
    item.gap = 0;
    item.over = item.under = {0, 0, 0, 0};
    const auto pixels = [](double length) { return std::max<Index>(1, static_cast<Index>(std::lround(length))); };
    item.values = keeps_peaks(*plane.source) ? largest_of_blocks(all, pixels(box.h), pixels(box.w)) : all;
    item.normalization = remembered_limits(item.values, false, map.normalization.low < 0, state);
    sketch.add(item);
}

/// What is shown of the whole, never too small to be seen and taken hold of.
Box part_box(const Sketch& sketch, const std::vector<PartAxis>& axes, const Box& whole) {
    const auto along = [&](const PartAxis& axis, double from, double room, double& at, double& size) {
        const auto all = static_cast<double>(axis.whole);
        const double exact = static_cast<double>(axis.end - axis.begin) / all * room;
        size = std::min(room, std::max(exact, sketch.px(7)));
        at = from + std::clamp(static_cast<double>(axis.begin) / all * room - (size - exact) / 2, 0.0, room - size);
    };
    Box part;
    along(axes[0], whole.x, whole.w, part.x, part.w);
    along(axes[1], whole.y, whole.h, part.y, part.h);
    return part;
}

}  // namespace

Tensor<float> values_of_whole(const Trace& trace, const AttentionPlane& plane) {
    const TraceTensor* whole = trace.find(plane.source->info.name + ".whole");
    if (whole == nullptr || whole->values.empty()) return plane.slice.all;
    ViewState state = plane.state;
    if (plane.head)
        for (const AxisPtr& axis : whole->info.axes)
            if (axis->kind == AxisKind::head) state.selected.marks[axis->name] = *plane.head;
    return plane_of(*whole, state).values;
}

Box room_for_whole(const Sketch& sketch, const Slice& slice, Box& content) {
    const double side = std::min({sketch.px(largest), content.w * 0.24, content.h * 0.6});
    const std::optional<PartPlace> place = place_of(*slice.tensor, slice, {});
    if (!place) return {};
    const std::vector<PartAxis>& axes = place->axes;
    const bool wanted = std::ranges::any_of(axes, is_long) || (place->is_of_run() && place->is_cut());
    if (sketch.state().decorations || !wanted || side < sketch.px(least)) return {};
    const auto cols = static_cast<double>(axes[0].whole), rows = static_cast<double>(axes[1].whole);
    const double w = std::max(side * std::min(1.0, cols / rows), sketch.px(14)),
                 h = std::max(side * std::min(1.0, rows / cols), sketch.px(14));
    const Box room{std::round(content.right() - w), content.y, std::round(w), std::round(h)};
    content.w -= w + sketch.px(gap);
    return room;
}

void draw_whole(Sketch& sketch, const Trace& trace, const AttentionPlane& plane, const HeatmapItem& item, Box room) {
    std::optional<PartPlace> place = place_of(*plane.source, plane.slice, item.box);
    if (!place) return;
    if (room.w > 0) {
        room.y = item.box.y;
        place->whole = room;
        draw_picture(sketch, trace, plane, item, room);
        // Around the picture and the part: what stands at an edge, a sink for one, is not drawn over.
        const auto around = [](const Box& box, double by) {
            return Box{box.x - by, box.y - by, box.w + 2 * by, box.h + 2 * by};
        };
        sketch.outline(around(room, 1), sketch.theme().line, 1);
        sketch.ring(around(part_box(sketch, place->axes, room), sketch.px(2)), sketch.theme().accent, sketch.px(2));
    }
    sketch.place_part(std::move(*place));
}

}  // namespace saccade
