#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/translate.hpp"
#include "viz/layout.hpp"
#include "viz/map_picture.hpp"
#include "viz/masked.hpp"
#include "viz/slice.hpp"
#include "viz/touched.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// px of a row of bars: as with cells, a large card has larger ones.
double tallest_row(const Sketch& sketch, const Box& content) {
    return std::clamp(content.h * 0.05, sketch.px(28), sketch.px(56));
}

/// The tensors of one attention, found by role and shared axes, and the query they are shown for.
struct Stages {
    const TraceTensor* weights = nullptr;
    const TraceTensor* scores = nullptr;  // null if the run recorded none
    const TraceTensor* context = nullptr;
    std::size_t query_axis = 0, key_axis = 0;  // in the weights
    Index query = 0;
    std::string where;  // "layer 3, head 5", or empty

    AxisPtr query_of() const { return weights->info.axes[query_axis]; }
    AxisPtr key_of() const { return weights->info.axes[key_axis]; }
};

bool has_axis(const TraceTensor& tensor, const AxisPtr& axis) {
    return std::find(tensor.info.axes.begin(), tensor.info.axes.end(), axis) != tensor.info.axes.end();
}

Stages find_stages(const Trace& trace, const TraceTensor& weights, const ViewState& state) {
    Stages s;
    s.weights = &weights;
    const Slice plane = plane_of(weights, state);
    s.query_axis = static_cast<std::size_t>(plane.row_axis);
    s.key_axis = static_cast<std::size_t>(plane.col_axis);
    s.where = plane.where;
    for (const TraceTensor* scores : trace.with_role(Role::scores))
        if (s.scores == nullptr && scores->info.axes == weights.info.axes) s.scores = scores;
    for (const TraceTensor* context : trace.with_role(Role::context))
        if (s.context == nullptr && has_axis(*context, s.query_of()) && context->info.axes.back() != s.query_of())
            s.context = context;
    s.query = position_on(state, s.query_of()).value_or(s.query_of()->extent - 1);
    return s;
}

/// Row `query` of a tensor that has the query axis; other leading axes stand as the state says.
struct QueryRow {
    Tensor<float> values;
    CellRef ref;  // its last index is to be set
    Slice slice;
    std::vector<char> touched;  // by hand; empty: none

    bool is_touched(Index i) const {
        return static_cast<std::size_t>(i) < touched.size() && touched[static_cast<std::size_t>(i)] != 0;
    }
};

QueryRow row_at(const Trace& trace, const TraceTensor& tensor, const Stages& s, const ViewState& state) {
    ViewState at = state;
    at.selected.marks[s.query_of()->name] = s.query;
    Slice slice = row_of(tensor, at);
    hide_masked(trace, tensor, slice, state.memo);
    return {slice.values, {tensor.info.name, slice.fixed}, slice, touched_cells(trace, tensor, slice)};
}

struct Range {
    double low = 0, high = 1;
};

Range range_of(const Tensor<float>& values) {
    Range r{0, 0};
    for (const float v : values.values())
        if (std::isfinite(v)) r = {std::min<double>(r.low, v), std::max<double>(r.high, v)};
    if (r.low == 0 && r.high == 0) r.high = 1;
    return r;
}

/// The rows that the bars of a card stand in.
struct BarRows {
    double y = 0, pitch = 0;
    double center(Index i) const { return y + (static_cast<double>(i) + 0.5) * pitch; }
};

/// `unit`: weights, whose colours say where they leave 0 to 1.
void draw_bars(Sketch& sketch, const Stages& s, const QueryRow& row, const BarRows& rows, double x, double w, bool numbers,
               bool unit) {
    const Theme& theme = sketch.theme();
    const Range range = range_of(row.values);
    const double size = sketch.px(11), number_room = numbers ? sketch.text_width("0.00", size, Font::mono) + sketch.px(6) : 0;
    const double scale = std::max(0.0, w - number_room) / (range.high - range.low), zero = x - range.low * scale;
    const double height = std::max(rows.pitch * 0.6, std::min(rows.pitch, 1.0));
    for (Index j = 0; j < row.values.size(); ++j) {
        const double v = row.values.data()[j], y = rows.center(j) - height / 2;
        if (!std::isfinite(v)) {
            // Within the column, wherever its zero stands.
            const double wide = std::min(w, std::max(sketch.px(8), w * 0.12));
            sketch.hatch({std::min(zero, x + w - wide), y, wide, height});
            if (row.is_touched(j)) sketch.hand_dot({std::min(zero, x + w - wide), rows.center(j)}, theme.raised);
            continue;
        }
        // A weight of nothing still shows where its bar would grow.
        const double length = std::max(std::abs(v) * scale, 1.0);
        const Normalization limits;
        const Color color = unit && limits.above(v)   ? theme.over
                            : unit && limits.below(v) ? theme.under
                                                      : sketch.bar_color(s.key_of(), j, v);
        sketch.rect({v < 0 ? zero - length : zero, y, length, height}, color, rows.pitch >= 10 ? sketch.px(1.5) : 0);
        if (row.is_touched(j) && rows.pitch >= sketch.px(6)) sketch.hand_dot({zero, rows.center(j)}, color);
        if (numbers && (v >= 0.005 || sketch.selected(s.key_of(), j)))
            sketch.text({zero + length + sketch.px(5), rows.center(j)}, fmt::format("{:.2f}", v), size,
                        sketch.selected(s.key_of(), j) ? theme.selection : theme.secondary, HAlign::left, VAlign::middle,
                        Font::mono);
    }
    if (range.low < 0)
        sketch.line({zero, rows.y}, {zero, rows.y + rows.pitch * static_cast<double>(row.values.size())}, theme.line);
    HitRegion region;
    region.box = {x, rows.y, w, rows.pitch * static_cast<double>(row.values.size())};
    region.ref = row.ref;
    region.rows = row.values.size();
    region.row_axis = static_cast<int>(row.ref.index.size()) - 1;
    region.editable = unit;
    sketch.region(region);
}

void draw_context(Sketch& sketch, const TraceTensor& tensor, const QueryRow& row, const Box& room) {
    const Index n = row.values.size();
    // In whole rows where n allows, no more than twice as long as wide, the shape whose cells come out largest.
    // Low, it is drawn without what is said below it.
    const bool said = room.h >= sketch.px(100);
    const double room_h = std::max(room.h - (said ? sketch.px(46) : 0.0), 1.0), root = std::sqrt(static_cast<double>(n));
    const auto cell_of_shape = [&](Index c) {
        const double by_height = room_h / std::ceil(static_cast<double>(n) / static_cast<double>(c));
        const double size = std::min({sketch.px(14), room.w / static_cast<double>(c), by_height});
        return size >= 3 ? std::floor(size) : size;
    };
    Index cols = std::max<Index>(1, static_cast<Index>(std::ceil(root)));
    double cell = 0;
    for (Index c = std::max<Index>(1, static_cast<Index>(root / 1.5)); c <= static_cast<Index>(2 * root) + 1; ++c)
        if (n % c == 0 && cell_of_shape(c) > cell) {
            cols = c;
            cell = cell_of_shape(c);
        }
    if (cell == 0) cell = cell_of_shape(cols);
    const Index lines = (n + cols - 1) / cols;
    HeatmapItem item;
    item.box = {std::round(room.x), std::round(room.y), cell * static_cast<double>(cols), cell * static_cast<double>(lines)};
    item.values = Tensor<float>(Shape{lines, cols}, std::numeric_limits<float>::quiet_NaN());
    std::copy_n(row.values.data(), n, item.values.data());
    item.map = &colormap(default_colormap(true, sketch.theme()), sketch.theme());
    item.normalization = normalization_for(row.values, false, true, Normalization::Scale::linear);
    item.gap = cell >= 6 ? 1 : 0;
    item.gap_color = item.masked_ground = sketch.theme().panel;
    item.hatch = {0, 0, 0, 0};
    sketch.add(item);
    for (Index r = 0; r < lines; ++r)
        for (Index c = 0; c < cols && r * cols + c < n; ++c) {
            HitRegion region;
            region.box = {item.box.x + static_cast<double>(c) * cell, item.box.y + static_cast<double>(r) * cell, cell, cell};
            region.ref = row.ref;
            region.ref.index.back() = r * cols + c;
            if (sketch.selected(tensor.info.axes.back(), region.ref.index.back()))
                sketch.ring(region.box, sketch.theme().selection, sketch.px(1.5));
            sketch.region(region);
        }
    if (!said) return;
    const double size = sketch.px(12);
    const std::string caption = tr_count(n, "{} value", "{} values") + " · ±" + number_text(item.normalization.high);
    double y = item.box.bottom() + sketch.px(6);
    for (const std::string& one : sketch.lines_of(caption, room.w, size)) {
        sketch.text({item.box.x, y}, cut_to_fit(one, room.w, size, Font::ui, sketch.measure()), size, sketch.theme().secondary,
                    HAlign::left, VAlign::top);
        y += size * 1.4;
    }
}

void draw_key_labels(Sketch& sketch, const AxisPtr& axis, const AxisLabels& labels, const BarRows& rows, double x) {
    for (const Index j : labelled_positions(sketch, axis, labels)) {
        const std::string label = written_label(sketch, axis, labels, j, labels.extent + 0.5);
        sketch.text({x, rows.center(j)}, label, labels.size, sketch.focus_color(axis, j, sketch.theme().secondary),
                    HAlign::left, VAlign::middle);
    }
}

class StagesView : public View {
 public:
    std::string id() const override { return "stages"; }
    std::string title() const override { return "Stages"; }
    std::string explains() const override {
        return "One step of attention. 1 score e: how well each key fits the query. 2 align α: scores made into weights that "
               "sum to 1. 3 context c: the values, read with these weights.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return tensor.info.role == Role::weights && tensor.values.shape().rank() >= 2;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const Stages s = find_stages(trace, tensor_for(*this, trace, state), state);
        Sketch sketch(state, measure);
        Box content = sketch.begin(tr("Step {}: {}", s.query + 1, drawn_label(*s.query_of(), s.query)), s.where);
        const QueryRow weights = row_at(trace, *s.weights, s, state);
        sketch.caption(beyond_text(beyond(weights.values, Normalization())), content);
        sketch.caption(block_said(weights.slice), content);
        // A column that has no room is not left out without a word.
        const bool small = content.w < sketch.px(170) || content.h < sketch.px(50);
        if (small && s.context != nullptr && content.w >= sketch.px(60))
            sketch.caption(tr("3 context {}: no room here", s.context->info.symbol), content);
        const TraceTensor* context = small ? nullptr : s.context;
        const double head = content.h > sketch.px(80) ? sketch.px(30) : 0;
        const Index n = s.key_of()->extent;
        const BarRows rows{content.y + head,
                           std::min(tallest_row(sketch, content), (content.h - head) / static_cast<double>(n))};
        const AxisLabels labels = fit_row_labels(sketch, *s.key_of(), std::min(rows.pitch, sketch.px(26)), content.w * 0.22);
        const double left = labels.none ? 0 : labels.extent + sketch.px(content.w < sketch.px(240) ? 8 : 12),
                     gap = sketch.px(content.w < sketch.px(240) ? 12 : 18);
        const TraceTensor* scores = content.w - left < sketch.px(80) ? nullptr : s.scores;
        const auto without = [&](int number, const char* stage, const TraceTensor* tensor) {
            if (tensor != nullptr) sketch.leave_out(fmt::format("{} {} {}", number, tr(stage), tensor->info.symbol));
        };
        if (scores == nullptr) without(1, "score", s.scores);
        if (context == nullptr) without(3, "context", s.context);
        const int columns = 1 + (scores != nullptr) + (context != nullptr);
        const double w =
            std::min((content.w - left - gap * (columns - 1)) / columns, std::max(sketch.px(300), content.w * 0.28));
        if (!labels.none) draw_key_labels(sketch, s.key_of(), labels, rows, content.x);

        double x = content.x + left;
        int number = s.scores != nullptr && scores == nullptr ? 2 : 1;  // what has no room keeps its number
        // Up to the next one; all in one size, in which the longest of them fits.
        const double room = std::min(w + gap - sketch.px(4), w + state.width - content.right());
        double size = sketch.px(13);
        while (size > sketch.px(10) && sketch.text_width(tr("3 context c"), size) > room) size -= sketch.px(0.5);
        const auto column = [&](const char* stage, const TraceTensor& tensor) {
            const std::string name = fmt::format("{} {} {}", number++, tr(stage), tensor.info.symbol);
            if (head > 0)
                sketch.text({x, content.y + sketch.measure().ascent(size, Font::ui)},
                            cut_to_fit(name, room, size, Font::ui, measure), size, sketch.theme().text);
        };
        if (scores != nullptr) {
            column(msg("score"), *scores);
            draw_bars(sketch, s, row_at(trace, *scores, s, state), rows, x, w, false, false);
            x += w + gap;
        }
        column(msg("align"), *s.weights);
        draw_bars(sketch, s, weights, rows, x, w, rows.pitch >= sketch.px(13) && w >= sketch.px(90), true);
        x += w + gap;
        if (context != nullptr) {
            column(msg("context"), *context);
            draw_context(sketch, *context, row_at(trace, *context, s, state), {x, content.y + head, w, content.h - head});
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const Stages s = find_stages(trace, tensor_for(*this, trace, state), state);
        std::vector<ShownValues> all;
        for (const TraceTensor* tensor : {s.weights, s.scores, s.context})
            if (tensor != nullptr)
                all.push_back(
                    shown_values(tensor->info.name, row_at(trace, *tensor, s, state).slice, {tensor->info.axes.back()}));
        return all;
    }
};

}  // namespace

const View& stages_view() {
    static const StagesView view;
    return view;
}

}  // namespace saccade
