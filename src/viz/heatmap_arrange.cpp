#include "viz/heatmap_arrange.hpp"

#include <algorithm>
#include <cmath>

#include "viz/counted_labels.hpp"
#include "viz/map_picture.hpp"

namespace saccade {

namespace {

/// px: a few cells do not fill a card of any size, but a large one is not left empty.
double largest_cell(const Sketch& sketch, const Box& content) {
    return std::clamp(std::min(content.w, content.h) * 0.12, sketch.px(44), sketch.px(120));
}

double cell_size(double room, Index n, double largest) {
    const double size = std::min(largest, room / static_cast<double>(n));
    return size >= 4 ? std::floor(size) : size;
}

/// `counted`: positions are written on both axes, not tokens.
GridLayout arrange_as(const Sketch& sketch, const Slice& slice, Box content, BarPlace bar, double bar_w, bool counted) {
    GridLayout at;
    at.content = content;
    at.bar = bar;
    at.bar_w = bar_w;
    if (bar == BarPlace::beside) content.w = std::max(1.0, content.w - bar_w - sketch.px(12));
    const Index rows = slice.values.shape()[0], cols = slice.values.shape()[1];
    const bool image = slice.row() && slice.row()->kind == AxisKind::y && slice.col()->kind == AxisKind::x;
    // A part fills what the whole did: what is under a mouse that zooms stays there.
    const double largest = image || !slice.all.empty() ? 1e9 : largest_cell(sketch, content);
    at.label_gap = sketch.px(10);
    const double bar_room = bar == BarPlace::below   ? sketch.px(20 + ScaleSize::height + 20)
                            : bar == BarPlace::close ? sketch.px(8 + ScaleSize::close + 4) + sketch.px(12) * 1.3
                                                     : 0;

    const bool row_labels = slice.row() && !image && content.w >= sketch.px(60),
               col_labels = !image && content.h >= sketch.px(60);
    at.rows.none = at.cols.none = true;
    // Row labels by a guess at the cells' height; then the columns, whose labels decide the height that is left; then what of
    // the rows fits it.
    const double guess_h = cell_size((content.h - bar_room) * 0.85, rows, largest);
    // Labels have what cells of a fair size leave.
    const double free_w = content.w - at.label_gap - static_cast<double>(cols) * std::min(largest, sketch.px(34));
    const auto few = [&](double whole, double room, Index n) {  // what few cells leave at their smallest
        return std::clamp(room - static_cast<double>(n) * sketch.px(14), whole * 0.3, whole * 0.55);
    };
    const double rows_limit = std::max(few(content.w, content.w, cols), free_w);
    const auto rows_fitted = counted ? &counted_row_labels : &fit_row_labels;
    const auto columns_fitted = counted ? &counted_column_labels : &fit_column_labels;
    const double free_h = content.h - bar_room - at.label_gap - static_cast<double>(rows) * sketch.px(22);
    if (row_labels) at.rows = rows_fitted(sketch, *slice.row(), guess_h, rows_limit);
    const double left = at.rows.none ? 0 : at.rows.extent + at.label_gap;
    at.cell_w = cell_size(content.w - left, cols, largest);
    double cols_limit =
        std::max({few(content.h, content.h - bar_room, rows), std::min(content.h * 0.42, sketch.px(60)), free_h});
    // Tokens cut short above say more than positions on both sides: the rows keep what their names need, if that leaves room.
    const double rows_need = at.rows.none ? 0 : static_cast<double>(rows) * std::ceil(smallest_label(sketch) * label_pitch);
    const double left_over = content.h - bar_room - at.label_gap - rows_need;
    if (sketch.state().text_size <= 0 && left_over >= smallest_label(sketch) * 3) cols_limit = std::min(cols_limit, left_over);
    if (col_labels) at.cols = columns_fitted(sketch, *slice.col(), at.cell_w, cols_limit);
    double over = 0;  // of the last label, at 45 degrees
    if (at.cols.slanted) {
        over = std::max(0.0, at.cols.extent - at.cell_w / 2);
        at.cell_w = cell_size(content.w - left - over, cols, largest);
        at.cols = columns_fitted(sketch, *slice.col(), at.cell_w, cols_limit);
    }
    const double top = at.cols.none ? 0 : at.cols.extent + (at.cols.rotated ? at.label_gap : sketch.px(4));
    at.cell_h = cell_size(content.h - top - bar_room, rows, largest);
    if (!at.rows.none) {
        const AxisLabels guessed = at.rows;
        at.rows = rows_fitted(sketch, *slice.row(), at.cell_h, rows_limit);
        at.rows.extent = guessed.extent;
        at.rows.size = std::min(at.rows.size, guessed.size);
    }
    // The same kind of thing on both axes is written alike, or nearly so where one has much less room.
    if (!at.rows.none && !at.cols.none) {
        const double smaller = std::min(at.rows.size, at.cols.size);
        const bool far = std::abs(at.rows.size - at.cols.size) >= sketch.px(6);
        at.rows.size = std::min(at.rows.size, smaller * (far ? 1.3 : 1));
        at.cols.size = std::min(at.cols.size, smaller * (far ? 1.3 : 1));
    }
    if (image) at.cell_w = at.cell_h = std::min(at.cell_w, at.cell_h);
    const double grid_w = at.cell_w * static_cast<double>(cols), grid_h = at.cell_h * static_cast<double>(rows);
    const double x = content.x + (content.w - left - over - grid_w) / 2 + left;
    const double y = content.y + (content.h - top - bar_room - grid_h) / 2 + top;
    at.grid = {std::round(x), std::round(y), grid_w, grid_h};
    return at;
}

/// The same tokens stand on both axes: what is found by its position in one is looked for in the other.
bool same_tokens(const Slice& slice) {
    return slice.row() && slice.col() && slice.col()->name == slice.row()->name + ".key" &&
           slice.col()->labels == slice.row()->labels;
}

GridLayout arrange_with(const Sketch& sketch, const Slice& slice, const Box& content, BarPlace bar, double bar_w) {
    GridLayout at = arrange_as(sketch, slice, content, bar, bar_w, false);
    // A figure of a stated size writes all that has room.
    const bool apart =
        sketch.state().text_size <= 0 && !at.rows.none && !at.cols.none && at.rows.positions != at.cols.positions;
    return apart && same_tokens(slice) ? arrange_as(sketch, slice, content, bar, bar_w, true) : at;
}

}  // namespace

GridLayout arrange(const Sketch& sketch, const Slice& slice, const Box& content, const HeatmapItem& item, bool numbered,
                   double word) {
    const auto with = [&](BarPlace bar, double w) { return arrange_with(sketch, slice, content, bar, w); };
    if (!sketch.barred()) return with(BarPlace::none, 0);
    if (content.h >= sketch.px(170) && content.w >= sketch.px(180)) {
        const GridLayout below = with(BarPlace::below, 0);
        if (!below.rows.positions || content.w < sketch.px(300) || sketch.state().decorations) return below;
        // Where the bar takes the room of the tokens' names it goes aside.
        const GridLayout aside = with(BarPlace::beside, sketch.px(ScaleSize::aside) + word);
        return aside.rows.positions ? below : aside;
    }
    const GridLayout bare = with(BarPlace::none, 0);
    const bool beyond = item.over.a > 0, needed = beyond || item.normalization.low < 0 || sketch.state().decorations ||
                                                  item.normalization.scale != Normalization::Scale::linear;
    if (content.w < sketch.px(100) || content.h < sketch.px(40)) return bare;
    const double numbers = sketch.text_width(low_text(item.normalization), sketch.px(12)) +
                           sketch.text_width(high_text(item.normalization), sketch.px(12)) + sketch.px(beyond ? 40 : 10);
    const GridLayout beside = with(BarPlace::beside, std::max(sketch.px(56), numbers));
    // What costs cells little is had in any case, unless they carry their numbers.
    const double enough = bare.area() * (numbered ? 1 : 0.75);
    if (beside.area() >= enough || !needed) return beside.area() >= enough ? beside : bare;
    const GridLayout close = with(BarPlace::close, 0);
    return beside.area() > close.area() || content.h < sketch.px(70) ? beside : close;
}

}  // namespace saccade
