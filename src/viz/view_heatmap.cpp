#include <algorithm>
#include <cmath>
#include <optional>

#include "viz/attention_plane.hpp"
#include "viz/cell_numbers.hpp"
#include "viz/counted_labels.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/map_picture.hpp"
#include "viz/masked.hpp"
#include "viz/touched.hpp"
#include "viz/views.hpp"
#include "viz/whole_map.hpp"

namespace saccade {

namespace {

constexpr Index most_numbers = 80;  // cells whose numbers are written
constexpr double aside_width = 64;  // px of a colour bar at the side, without its unit
constexpr double bar_width = 240, bar_height = 10, close_height = 8;

/// px: a few cells do not fill a card of any size, but a large one is not left empty.
double largest_cell(const Sketch& sketch, const Box& content) {
    return std::clamp(std::min(content.w, content.h) * 0.12, sketch.px(44), sketch.px(120));
}

/// Where the colour scale stands: under the grid, close under it where there is little height, or right of it.
enum class BarPlace { none, below, close, beside };

/// What is decided before anything is drawn.
struct GridLayout {
    Box content;
    Box grid;
    double cell_w = 0, cell_h = 0;
    AxisLabels rows, cols;
    double label_gap = 0;
    BarPlace bar = BarPlace::none;
    double bar_w = 0;  // if it stands beside

    double area() const { return cell_w * cell_h; }
};

double cell_size(double room, Index n, double largest) {
    const double size = std::min(largest, room / static_cast<double>(n));
    return size >= 4 ? std::floor(size) : size;
}

/// Values as they are coloured: per row, each row is divided by its largest magnitude.
Tensor<float> scaled_by_row(const Tensor<float>& values) {
    Tensor<float> scaled = values.clone();
    const Index rows = values.shape()[0], cols = values.shape()[1];
    for (Index r = 0; r < rows; ++r) {
        float* row = scaled.data() + r * cols;
        float largest = 0;
        for (Index c = 0; c < cols; ++c)
            if (std::isfinite(row[c])) largest = std::max(largest, std::abs(row[c]));
        if (largest > 0)
            for (Index c = 0; c < cols; ++c) row[c] /= largest;
    }
    return scaled;
}

/// Read against limits of 0 and 1? A product with a gradient has the gradient's size.
bool is_unit(const AttentionPlane& plane) {
    return is_read_against_one(*plane.source) && plane.state.options.heads != ViewOptions::Heads::gradient;
}

/// Limits of the values; of a part of a long map those of all of it, so that colours mean the same wherever one zooms.
Normalization limits_of(const Trace& trace, const AttentionPlane& plane, const Tensor<float>& values, bool unit,
                        bool is_signed) {
    const ViewState& state = plane.state;
    using Scale = Normalization::Scale;
    const Normalization own = remembered_limits(values, unit, is_signed, state);
    const bool of_all = state.scale == Scale::linear || state.scale == Scale::sqrt || state.scale == Scale::log;
    if (unit || !of_all) return own;
    const Tensor<float> whole = values_of_whole(trace, plane);
    if (whole.empty()) return own;
    const Normalization all = remembered_limits(whole, false, is_signed, state);
    return all.high >= own.high && all.low <= own.low ? all : own;  // means of blocks may be below what a part shows
}

/// Without its place.
HeatmapItem make_item(const Sketch& sketch, const Trace& trace, const AttentionPlane& plane) {
    const Slice& slice = plane.slice;
    const ViewState& state = sketch.state();
    const Theme& theme = sketch.theme();
    const Role role = plane.source->info.role;
    const bool unit = is_unit(plane);
    const bool is_signed = !is_unit_interval(role) && has_negative(slice.values);
    HeatmapItem item;
    item.map = &colormap(state.colormap.empty() ? default_colormap(is_signed, theme) : state.colormap, theme);
    const bool per_row = state.scale == Normalization::Scale::per_row;
    item.values =
        per_row ? *remembered<Tensor<float>>(state.memo, slice.values, "per row", [&] { return scaled_by_row(slice.values); })
                : slice.values;
    item.normalization = limits_of(trace, plane, item.values, unit, is_signed || item.map->diverging);
    item.gap_color = theme.panel;
    item.hatch = with_alpha(theme.faint, 0.7);
    item.masked_ground = theme.raised;
    mark_beyond(item, unit, theme, state.memo);
    return item;
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
    const double largest = image ? 1e9 : largest_cell(sketch, content);
    at.label_gap = sketch.px(10);
    const double bar_room = bar == BarPlace::below   ? sketch.px(20 + bar_height + 20)
                            : bar == BarPlace::close ? sketch.px(8 + close_height + 4) + sketch.px(12) * 1.3
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
    const double x = content.x + (content.w - left - grid_w) / 2 + left;
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

/// Of the unit, with its gap beside the colour bar.
double word_width(const Sketch& sketch, const AttentionPlane& plane) {
    return sketch.text_width(measured_in(plane.source->info), sketch.px(12)) + sketch.px(13);
}

/// A figure has its scale, as has what is signed, bent or outside its limits, wherever it stands: that stays where notes and
/// labels take the room. On the stage any other scale does if there is room beside the grid.
GridLayout arrange(const Sketch& sketch, const Slice& slice, const Box& content, const HeatmapItem& item, bool numbered,
                   double word) {
    const auto with = [&](BarPlace bar, double w) { return arrange_with(sketch, slice, content, bar, w); };
    if (!sketch.barred()) return with(BarPlace::none, 0);
    if (content.h >= sketch.px(170) && content.w >= sketch.px(180)) {
        const GridLayout below = with(BarPlace::below, 0);
        if (!below.rows.positions || content.w < sketch.px(300) || sketch.state().decorations) return below;
        // Where the bar takes the room of the tokens' names it goes aside.
        const GridLayout aside = with(BarPlace::beside, sketch.px(aside_width) + word);
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

bool dimmed(const std::vector<bool>& positions, Index i) {
    return static_cast<std::size_t>(i) < positions.size() && positions[static_cast<std::size_t>(i)];
}

void draw_row_labels(Sketch& sketch, const AttentionPlane& plane, const GridLayout& at) {
    const Slice& slice = plane.slice;
    const AxisPtr axis = slice.row();
    if (!axis || at.rows.none) return;
    const Color color = axis->labels.empty() ? sketch.theme().secondary : sketch.theme().text;
    for (const Index i : labelled_positions(sketch, axis, at.rows)) {
        const double y = at.grid.y + (static_cast<double>(i) + 0.5) * at.cell_h;
        // What a narrow grid leaves free is there for the label in focus.
        const double room = std::max(at.rows.extent + 0.5, at.grid.x - at.label_gap - at.content.x);
        const std::string label = written_label(sketch, axis, at.rows, i, room);
        sketch.text({at.grid.x - at.label_gap, y}, label, at.rows.size,
                    sketch.focus_color(axis, i, dimmed(plane.dimmed_rows, i) ? sketch.theme().faint : color), HAlign::right,
                    VAlign::middle);
    }
    HitRegion region;
    region.box = {at.grid.x - at.label_gap - at.rows.extent, at.grid.y, at.rows.extent + at.label_gap, at.grid.h};
    region.ref = cell_of(slice, -1, -1);
    region.rows = axis->extent;
    region.row_axis = slice.row_axis;
    region.row_map = slice.row_map;
    sketch.region(region);
}

void draw_column_labels(Sketch& sketch, const AttentionPlane& plane, const GridLayout& at) {
    const Slice& slice = plane.slice;
    const AxisPtr axis = slice.col();
    if (at.cols.none) return;
    const Color color = axis->labels.empty() ? sketch.theme().secondary : sketch.theme().text;
    const double gap = at.cols.rotated ? at.label_gap * 0.7 : sketch.px(4);
    for (const Index i : labelled_positions(sketch, axis, at.cols)) {
        const double x = at.grid.x + (static_cast<double>(i) + 0.5) * at.cell_w;
        const double limit = at.cols.rotated ? at.cols.extent + 0.5 : label_room(sketch, axis, at.cols, at.cell_w);
        const std::string label = written_label(sketch, axis, at.cols, i, limit);
        const Color shown = sketch.focus_color(axis, i, dimmed(plane.dimmed_cols, i) ? sketch.theme().faint : color);
        if (at.cols.rotated)
            sketch.text({x, at.grid.y - gap}, label, at.cols.size, shown, HAlign::left, VAlign::middle, Font::ui, -90);
        else
            sketch.text({x, at.grid.y - gap}, label, at.cols.size, shown, HAlign::center, VAlign::bottom);
    }
    HitRegion region;
    region.box = {at.grid.x, at.grid.y - gap - at.cols.extent, at.grid.w, at.cols.extent + gap};
    region.ref = cell_of(slice, -1, -1);
    region.cols = axis->extent;
    region.col_axis = slice.col_axis;
    region.col_map = slice.col_map;
    sketch.region(region);
}

/// A sign on each cell that the colour scale does not reach: colours alone are not enough for everybody.
void draw_beyond(Sketch& sketch, const GridLayout& at, const HeatmapItem& item) {
    constexpr Index most = 400;
    const double size = std::min({at.cell_w, at.cell_h, sketch.px(24)}) * 0.2;
    if (item.over.a == 0 || size < 2 || item.values.size() > 25 * most) return;
    const Index cols = item.values.shape()[1];
    for (Index i = 0; i < item.values.size(); ++i) {
        const auto v = static_cast<double>(item.values.data()[i]);
        const bool above = item.normalization.above(v);
        if (!above && !item.normalization.below(v)) continue;
        const double x = at.grid.x + (static_cast<double>(i % cols) + 0.5) * at.cell_w,
                     y = at.grid.y + (static_cast<double>(i / cols) + 0.5) * at.cell_h, up = above ? size / 2 : -size / 2;
        const Color ground = above ? item.over : item.under;
        const Theme& theme = sketch.theme();
        const Color ink = contrast(theme.text, ground) >= contrast(theme.panel, ground) ? theme.text : theme.panel;
        sketch.add(LineItem{{{x - size, y + up}, {x, y - up}, {x + size, y + up}}, ink, sketch.px(1.5)});
    }
}

/// A dot on each cell that a hand changed.
void draw_touched(Sketch& sketch, const Trace& trace, const AttentionPlane& plane, const GridLayout& at,
                  const HeatmapItem& item) {
    if (std::min(at.cell_w, at.cell_h) < sketch.px(7)) return;
    const std::vector<char> touched = touched_cells(trace, *plane.source, plane.slice);
    const Index cols = item.values.shape()[1];
    for (std::size_t i = 0; i < touched.size(); ++i) {
        if (touched[i] == 0) continue;
        const auto cell = static_cast<Index>(i);
        const double inset = std::min({sketch.px(6), at.cell_w / 2, at.cell_h / 2});
        const float v = item.values.data()[cell];
        sketch.hand_dot({at.grid.x + static_cast<double>(cell % cols + 1) * at.cell_w - inset,
                         at.grid.y + static_cast<double>(cell / cols) * at.cell_h + inset},
                        std::isfinite(v) ? heatmap_color(item, v) : item.masked_ground);
    }
}

/// Special tokens recede.
void draw_dimmed(Sketch& sketch, const AttentionPlane& plane, const GridLayout& at) {
    const Color veil = with_alpha(sketch.theme().panel, 0.72);
    for (std::size_t r = 0; r < plane.dimmed_rows.size(); ++r)
        if (plane.dimmed_rows[r])
            sketch.rect({at.grid.x, at.grid.y + static_cast<double>(r) * at.cell_h, at.grid.w, at.cell_h}, veil);
    for (std::size_t c = 0; c < plane.dimmed_cols.size(); ++c)
        if (plane.dimmed_cols[c])
            sketch.rect({at.grid.x + static_cast<double>(c) * at.cell_w, at.grid.y, at.cell_w, at.grid.h}, veil);
}

/// Outlines the cell in focus, or its row or column if the focus has no place on the other axis.
void draw_focus(Sketch& sketch, const Slice& slice, const GridLayout& at, const Focus& focus, Color color, double width,
                bool bands) {
    const auto position = [&focus](const AxisPtr& axis, Index extent) {
        const Index place = axis ? focus.on(axis).value_or(-1) : 0;
        return place < extent ? place : -1;
    };
    const Index at_row = position(slice.row(), slice.values.shape()[0]),
                at_col = position(slice.col(), slice.values.shape()[1]);
    const bool row = at_row >= 0, col = at_col >= 0;
    if (!slice.row() && !col) return;
    const double x = at.grid.x + static_cast<double>(std::max<Index>(at_col, 0)) * at.cell_w,
                 y = at.grid.y + static_cast<double>(std::max<Index>(at_row, 0)) * at.cell_h;
    const Box row_band{at.grid.x, y, at.grid.w, at.cell_h}, col_band{x, at.grid.y, at.cell_w, at.grid.h};
    if (row && (bands || !col)) sketch.ring(row_band, color, 1);
    if (col && (bands || !row)) sketch.ring(col_band, color, 1);
    if (row && col) sketch.ring({x, y, at.cell_w, at.cell_h}, color, width);
}

void draw_bar(Sketch& sketch, const AttentionPlane& plane, const GridLayout& at, const HeatmapItem& item, const Box& content) {
    const double w = std::min({sketch.px(bar_width), std::max(at.grid.w, sketch.px(120)), content.w * 0.6});
    const bool close = at.bar == BarPlace::close;
    // Where the grid stands far right the bar moves left for its word.
    const double word = word_width(sketch, plane);
    Box bar{std::max(content.x, std::min(at.grid.x, content.right() - w - word)), at.grid.bottom() + sketch.px(close ? 8 : 20),
            w, sketch.px(close ? close_height : bar_height)};
    if (at.bar == BarPlace::beside)
        bar = {at.grid.right() + sketch.px(12), at.grid.y + (at.grid.h - sketch.px(24)) / 2,
               at.bar_w >= sketch.px(aside_width) + word ? at.bar_w - word : at.bar_w, sketch.px(close_height)};
    draw_color_bar(sketch, bar, content.right(),
                   {item.map, item.normalization, item.over, item.under,
                    keeps_peaks(*plane.source) ? largest_of(item.values, sketch.state().memo) : std::nullopt},
                   measured_in(plane.source->info));
}

std::string subtitle_of(const Slice& slice) {
    std::string text = slice.where;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : " · ") + part; };
    const auto caption = [](const Axis& axis) { return axis_caption(axis) + (axis.is_cut() ? " " + part_text(axis) : ""); };
    if (slice.row()) add(caption(*slice.row()));
    add(caption(*slice.col()));
    return text;
}

/// What is not usual about the values, and about how they are coloured.
std::string caption_of(const AttentionPlane& plane, bool unit) {
    const AskedScale n = asked_scale(plane.state);
    std::string text = plane.caption();
    if (unit) {
        const std::string said = beyond_text(beyond(plane.slice.values, Normalization()));
        if (!said.empty()) text += (text.empty() ? "" : " · ") + said;
    }
    if (!n.label().empty()) text += (text.empty() ? "" : " · ") + n.label();
    if (n.scale == Normalization::Scale::per_row) text += ", share of the largest";
    return text;
}

std::string title_of(const TraceTensor& tensor) {
    return tensor.info.title.empty() ? tensor.info.name : tensor.info.title;
}

class HeatmapView : public View {
 public:
    std::string id() const override { return "heatmap"; }
    std::string title() const override { return "Heatmap"; }
    std::string explains() const override {
        return "A matrix: rows attend (queries) or are positions, columns are attended to (keys) or are features. The bar "
               "below says which colour is how much.";
    }
    OptionNames options() const override { return plane_options; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return tensor.values.shape().rank() >= 1 && tensor.info.role != Role::metric;
    }

    Figure layout(const Trace& trace, const ViewState& given, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, given);
        const AttentionPlane plane = attention_plane(trace, tensor, given);
        const Slice& slice = plane.slice;
        const ViewState& state = plane.state;
        Sketch sketch(state, measure);
        Box content = sketch.begin(title_of(slice.derived ? *slice.derived : tensor), subtitle_of(slice));
        sketch.caption(caption_of(plane, is_unit(plane)), content);
        // Weights are read by their colours, beside each other.
        const bool numbered = tensor.info.role != Role::weights && slice.values.size() <= most_numbers;
        HeatmapItem item = make_item(sketch, trace, plane);
        const Box whole = room_for_whole(sketch, slice, content);
        const GridLayout at = arrange(sketch, slice, content, item, numbered, word_width(sketch, plane));
        item.box = at.grid;
        item.gap = std::min(at.cell_w, at.cell_h) >= 8 ? 1 : 0;
        sketch.add(item);
        draw_beyond(sketch, at, item);
        draw_dimmed(sketch, plane, at);
        draw_touched(sketch, trace, plane, at, item);
        draw_row_labels(sketch, plane, at);
        draw_column_labels(sketch, plane, at);
        draw_focus(sketch, slice, at, sketch.hovered_focus(), sketch.hover_color(), 1, true);
        draw_focus(sketch, slice, at, sketch.selected_focus(), sketch.theme().selection, sketch.px(2), false);
        draw_whole(sketch, trace, plane, item, whole);
        if (at.bar != BarPlace::none) draw_bar(sketch, plane, at, item, content);
        HitRegion cells;
        cells.box = at.grid;
        cells.ref = cell_of(slice, -1, -1);
        cells.rows = slice.values.shape()[0];
        cells.cols = slice.values.shape()[1];
        cells.row_axis = slice.row_axis;
        cells.col_axis = slice.col_axis;
        cells.row_map = slice.row_map;
        cells.col_map = slice.col_map;
        cells.editable = tensor.info.role == Role::weights && !slice.derived && !plane.words_merged;
        sketch.region(cells);
        Figure figure = sketch.take();
        if (numbered) write_cell_numbers(figure, state, measure);
        return figure;
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Slice slice = attention_plane(trace, tensor, state).slice;
        if (!slice.row()) return {shown_values(tensor.info.name, slice, {slice.col()})};
        return {shown_values(tensor.info.name, slice, {slice.row(), slice.col()})};
    }
};

}  // namespace

const View& heatmap_view() {
    static const HeatmapView view;
    return view;
}

}  // namespace saccade
