#include <algorithm>
#include <cmath>
#include <optional>

#include "viz/attention_plane.hpp"
#include "viz/cell_numbers.hpp"
#include "viz/heatmap_arrange.hpp"
#include "viz/heatmap_image.hpp"
#include "viz/kept_positions.hpp"
#include "viz/map_picture.hpp"
#include "viz/masked.hpp"
#include "viz/touched.hpp"
#include "viz/views.hpp"
#include "viz/whole_map.hpp"

namespace saccade {

namespace {

constexpr Index most_numbers = 80;  // cells whose numbers are written

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
    const bool is_signed = !is_unit_interval(role) && has_negative(slice.all.empty() ? slice.values : slice.all);
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

/// Of the unit, with its gap beside the colour bar.
double word_width(const Sketch& sketch, const AttentionPlane& plane) {
    return sketch.text_width(measured_in(plane.source->info), sketch.px(12)) + sketch.px(13);
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
    const double turned_room = at.cols.slanted ? slanted_room(at.cols.extent, at.cols.size) : at.cols.extent;
    for (const Index i : labelled_positions(sketch, axis, at.cols)) {
        const double x = at.grid.x + (static_cast<double>(i) + 0.5) * at.cell_w;
        const bool turned = at.cols.rotated || at.cols.slanted;
        const double limit = turned ? turned_room + 0.5 : label_room(sketch, axis, at.cols, at.cell_w);
        const std::string label = written_label(sketch, axis, at.cols, i, limit);
        const Color shown = sketch.focus_color(axis, i, dimmed(plane.dimmed_cols, i) ? sketch.theme().faint : color);
        if (turned)
            sketch.text({x, at.grid.y - gap}, label, at.cols.size, shown, HAlign::left, VAlign::middle, Font::ui,
                        at.cols.slanted ? -45 : -90);
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
    const double w = std::min({sketch.px(ScaleSize::width), std::max(at.grid.w, sketch.px(120)), content.w * 0.6});
    const bool close = at.bar == BarPlace::close;
    // Where the grid stands far right the bar moves left for its word.
    const double word = word_width(sketch, plane);
    Box bar{std::max(content.x, std::min(at.grid.x, content.right() - w - word)), at.grid.bottom() + sketch.px(close ? 8 : 20),
            w, sketch.px(close ? ScaleSize::close : ScaleSize::height)};
    if (at.bar == BarPlace::beside)
        bar = {at.grid.right() + sketch.px(12), at.grid.y + (at.grid.h - sketch.px(24)) / 2,
               at.bar_w >= sketch.px(ScaleSize::aside) + word ? at.bar_w - word : at.bar_w, sketch.px(ScaleSize::close)};
    draw_color_bar(sketch, bar, content.right(),
                   {item.map, item.normalization, item.over, item.under,
                    keeps_peaks(*plane.source) ? largest_of(item.values, sketch.state().memo) : std::nullopt},
                   measured_in(plane.source->info));
}

std::string subtitle_of(const Slice& slice) {
    std::string text = slice.where;
    const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : " · ") + part; };
    if (slice.row()) add(axis_caption(*slice.row()) + shown_of(*slice.row(), slice.row_part));
    add(axis_caption(*slice.col()) + shown_of(*slice.col(), slice.col_part));
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
