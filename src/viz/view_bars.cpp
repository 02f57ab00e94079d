#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "trace/untouched.hpp"
#include "viz/bar_row.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

struct Range {
    double low = 0, high = 0;
};

Range range_of(const BarRow& row) {
    Range r;
    for (const Tensor<float>* values : {&row.slice.values, &row.before})
        for (const float v : values->values())
            if (std::isfinite(v)) r = {std::min<double>(r.low, v), std::max<double>(r.high, v)};
    if (r.low == r.high) r.high = 1;
    return r;
}

HitRegion region_over(const BarRow& row, const Box& box) {
    HitRegion region;
    region.box = box;
    region.ref = cell_of(row.slice, -1, -1);
    region.editable = row.role == Role::weights && !row.slice.derived;
    return region;
}

/// Where the bar ended before a hand changed the run: a mark, and what the bar has lost since, faintly. Its right edge.
double draw_before(Sketch& sketch, const BarRow& row, Index i, double zero, double scale, const Box& bar) {
    const double at = zero + static_cast<double>(row.before.data()[i]) * scale, width = sketch.px(2);
    if (at > bar.right()) sketch.rect({bar.right(), bar.y, at - bar.right(), bar.h}, sketch.theme().line);
    const double over = std::min(sketch.px(3), bar.h * 0.25);
    sketch.rect({at - width / 2, bar.y - over, width, bar.h + 2 * over}, sketch.theme().secondary);
    return at + width / 2;
}

/// The bar's number, and what it was before, if that is to be written and can be told from it; else the same twice.
std::pair<std::string, std::string> numbers_of(const BarRow& row, Index i, bool both) {
    const double now = row.slice.values.data()[i], was = both ? row.before.data()[i] : now;
    if (both && std::max(was, now) >= 0.01) return {fmt::format("{:.2f}", was), fmt::format("{:.2f}", now)};
    const auto text = [&](double v) { return is_unit_interval(row.role) ? share_text(v) : number_text(v); };
    return {text(was), text(now)};
}

/// Few named values (classes, tokens): one line each, with its number.
void draw_horizontal(Sketch& sketch, const BarRow& row, const Box& content) {
    const Slice& slice = row.slice;
    const Theme& theme = sketch.theme();
    const AxisPtr axis = slice.col();
    const Index n = slice.values.size();
    const double pitch = std::min(sketch.px(30), content.h / static_cast<double>(n));
    const double y0 = content.y + (content.h - pitch * static_cast<double>(n)) / 2;
    // Names before lengths: in a narrow card they have half of it.
    const AxisLabels labels =
        fit_row_labels(sketch, *axis, pitch, std::max(content.w * 0.35, std::min(content.w * 0.5, sketch.px(90))));
    const double left = labels.none ? 0 : labels.extent + sketch.px(10);
    const double size = std::min(sketch.px(13), pitch * 0.7), number = sketch.text_width("−0.0000", size, Font::mono),
                 both = sketch.text_width("0.0000 → 0.0000", size, Font::mono);
    // What stood there before is written, too, where the bars keep most of the width.
    const bool written = row.any_changed() && both < (content.w - left) * 0.45;
    const double number_room = (written ? both : number) + sketch.px(6);
    const Range range = range_of(row);
    const double scale = std::max(1.0, content.w - left - number_room) / (range.high - range.low),
                 zero = content.x + left - range.low * scale;
    for (const Index i : labelled_positions(sketch, axis, labels)) {
        const std::string label = written_label(sketch, axis, labels, i, labels.extent + 0.5);
        sketch.text({content.x + labels.extent, y0 + (static_cast<double>(i) + 0.5) * pitch}, label, labels.size,
                    sketch.focus_color(axis, i, theme.text), HAlign::right, VAlign::middle);
    }
    for (Index i = 0; i < n; ++i) {
        const double v = slice.values.data()[i], y = y0 + static_cast<double>(i) * pitch + pitch * 0.18, h = pitch * 0.64;
        if (!std::isfinite(v)) {
            sketch.hatch({zero, y, std::min(sketch.px(40), content.right() - zero), h});
            continue;
        }
        const double length = std::max(1.0, std::abs(v) * scale);
        sketch.rect({v < 0 ? zero - length : zero, y, length, h}, sketch.bar_color(axis, i, v), sketch.px(2));
        double x = v < 0 ? zero : zero + length;
        if (row.changed(i)) x = std::max(x, draw_before(sketch, row, i, zero, scale, {zero, y, length, h}));
        x += sketch.px(6);
        const auto [was, now] = numbers_of(row, i, written && row.changed(i));
        if (was != now) {
            sketch.text({x, y + h / 2}, was + " → ", size, theme.secondary, HAlign::left, VAlign::middle, Font::mono);
            x += sketch.text_width(was + " → ", size, Font::mono);
        }
        sketch.text({x, y + h / 2}, now, size, was != now || sketch.selected(axis, i) ? theme.selection : theme.secondary,
                    HAlign::left, VAlign::middle, Font::mono);
    }
    HitRegion region = region_over(row, {content.x, y0, content.w, pitch * static_cast<double>(n)});
    region.rows = n;
    region.row_axis = slice.col_axis;
    region.row_map = slice.col_map;
    sketch.region(region);
}

/// More values than pixels: each column of pixels spans what its values span.
void draw_dense(Sketch& sketch, const Slice& slice, const Box& plot, double zero, double scale) {
    const Index n = slice.values.size();
    const auto columns = static_cast<Index>(plot.w);
    for (Index k = 0; k < columns; ++k) {
        Range r;
        for (Index i = k * n / columns; i < (k + 1) * n / columns; ++i) {
            const float v = slice.values.data()[i];
            if (std::isfinite(v)) r = {std::min<double>(r.low, v), std::max<double>(r.high, v)};
        }
        const double x = plot.x + static_cast<double>(k);
        if (r.high > 0) sketch.rect({x, zero - r.high * scale, 1, r.high * scale}, sketch.theme().accent);
        if (r.low < 0) sketch.rect({x, zero, 1, -r.low * scale}, sketch.theme().negative);
    }
}

void draw_positions(Sketch& sketch, const Slice& slice, const Box& plot, double pitch, const AxisLabels& labels) {
    const AxisPtr axis = slice.col();
    const Color color = axis->labels.empty() ? sketch.theme().secondary : sketch.theme().text;
    for (const Index i : labelled_positions(sketch, axis, labels)) {
        const double x = plot.x + (static_cast<double>(i) + 0.5) * pitch, y = plot.bottom() + sketch.px(6);
        const Color shown = sketch.focus_color(axis, i, color);
        const double room = labels.rotated ? labels.extent + 0.5 : label_room(sketch, axis, labels, pitch);
        const std::string label = written_label(sketch, axis, labels, i, room);
        if (labels.rotated)
            sketch.text({x, y}, label, labels.size, shown, HAlign::right, VAlign::middle, Font::ui, -90);
        else
            sketch.text({x, y}, label, labels.size, shown, HAlign::center, VAlign::top);
    }
}

/// Of names that do not all fit, those in focus and those of the largest bars, each under its bar where it has room.
void draw_names_of_largest(Sketch& sketch, const Slice& slice, const Box& plot, const Box& content, double pitch,
                           AxisLabels labels) {
    constexpr std::size_t most_names = 12;
    constexpr float least_share = 0.02f;  // of the largest bar: less cannot be seen
    const AxisPtr axis = slice.col();
    labels.positions = false;
    labels.size = sketch.px(12);
    const auto height = [&](Index i) {
        const float v = slice.values.data()[i];
        return std::isfinite(v) ? std::abs(v) : 0.0f;
    };
    std::vector<Index> order(static_cast<std::size_t>(slice.values.size()));
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, [&](Index i, Index j) {
        const bool focused = sketch.selected(axis, i), other = sketch.selected(axis, j);
        return focused != other ? focused : height(i) > height(j);
    });
    const float least = least_share * height(*std::ranges::max_element(order, {}, height));
    struct Taken {
        double left, right;
    };
    std::vector<Taken> taken;
    for (const Index i : order) {
        if (taken.size() == most_names) break;
        if (!sketch.selected(axis, i) && (height(i) <= 0 || height(i) < least)) continue;
        const std::string name = written_label(sketch, axis, labels, i, sketch.px(96));
        const double half = sketch.text_width(name, labels.size) / 2;
        const double x = std::clamp(plot.x + (static_cast<double>(i) + 0.5) * pitch, content.x + half,
                                    std::max(content.x + half, content.right() - half));
        const Taken place{x - half - sketch.px(4), x + half + sketch.px(4)};
        if (std::ranges::any_of(taken, [&](const Taken& t) { return place.left < t.right && t.left < place.right; })) continue;
        taken.push_back(place);
        sketch.text({x, plot.bottom() + sketch.px(6)}, name, labels.size, sketch.focus_color(axis, i, sketch.theme().text),
                    HAlign::center, VAlign::top);
    }
}

/// Many values (features, channels): upright bars about zero.
void draw_vertical(Sketch& sketch, const BarRow& row, const Box& content) {
    const Slice& slice = row.slice;
    const Theme& theme = sketch.theme();
    const Index n = slice.values.size();
    const Range range = range_of(row);
    const double size = sketch.px(12);
    const std::string low = number_text(range.low), high = number_text(range.high);
    const bool scale_shown = content.w > sketch.px(160) && content.h > sketch.px(80);
    const double left = scale_shown ? std::max(sketch.text_width(low, size), sketch.text_width(high, size)) + sketch.px(10) : 0;
    const double plot_w = content.w - left;
    const double pitch = std::min(plot_w / static_cast<double>(n), sketch.px(40));
    AxisLabels labels = fit_column_labels(sketch, *slice.col(), pitch, content.h * 0.36);
    if (content.h < sketch.px(60)) labels.none = true;
    const double used = pitch * static_cast<double>(n);
    const double edge = std::min(sketch.px(6), content.h * 0.1);
    const Box plot{content.x + left + (plot_w - used) / 2, content.y + edge, used,
                   std::max(1.0, content.h - 2 * edge - (labels.none ? 0 : labels.extent))};
    const double scale = std::max(plot.h, 1.0) / (range.high - range.low), zero = plot.y + range.high * scale;
    if (pitch < 1) {
        draw_dense(sketch, slice, plot, zero, scale);
    } else {
        const double gap = pitch >= 3 ? pitch * 0.2 : 0;
        for (Index i = 0; i < n; ++i) {
            const double v = slice.values.data()[i], x = plot.x + static_cast<double>(i) * pitch + gap / 2;
            if (!std::isfinite(v)) {
                sketch.hatch({x, plot.y, pitch - gap, plot.h});
                continue;
            }
            const double length = std::max(std::abs(v) * scale, 0.5);
            sketch.rect({x, v < 0 ? zero : zero - length, pitch - gap, length}, sketch.bar_color(slice.col(), i, v),
                        pitch >= 8 ? sketch.px(1.5) : 0);
            if (!row.changed(i)) continue;
            const double before = zero - static_cast<double>(row.before.data()[i]) * scale;
            sketch.line({x - gap / 2, before}, {x + pitch - gap / 2, before}, theme.secondary, sketch.px(2));
        }
    }
    sketch.line({plot.x, zero}, {plot.right(), zero}, theme.line);
    if (scale_shown) {
        const double x = plot.x - sketch.px(8);
        if (range.high > 0)
            sketch.text({x, zero - range.high * scale}, high, size, theme.secondary, HAlign::right, VAlign::middle);
        if (range.low < 0)
            sketch.text({x, zero - range.low * scale}, low, size, theme.secondary, HAlign::right, VAlign::middle);
        if (range.high * scale > size && (range.low == 0 || -range.low * scale > size))
            sketch.text({x, zero}, "0", size, theme.secondary, HAlign::right, VAlign::middle);
    }
    if (!labels.none && labels.positions)
        draw_names_of_largest(sketch, slice, plot, content, pitch, labels);
    else if (!labels.none)
        draw_positions(sketch, slice, plot, pitch, labels);
    HitRegion region = region_over(row, plot);
    region.cols = n;
    region.col_axis = slice.col_axis;
    region.col_map = slice.col_map;
    sketch.region(region);
}

class BarsView : public View {
 public:
    std::string id() const override { return "bars"; }
    std::string title() const override { return "Bars"; }
    std::string explains() const override {
        return "One vector: a bar for each of its numbers, from the zero line up or down. Of many probabilities the likeliest. "
               "A grey mark stands where a bar would end if nothing were changed by hand.";
    }
    OptionNames options() const override { return plane_options; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return tensor.values.shape().rank() >= 1 && tensor.info.role != Role::metric;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const BarRow row = bar_row(trace, tensor, state);
        const Slice& slice = row.slice;
        Sketch sketch(row.state, measure);
        std::string subtitle = slice.where;
        subtitle += (subtitle.empty() ? "" : " · ") + axis_caption(*slice.col());
        if (!tensor.info.unit.empty()) subtitle += " · " + tensor.info.unit;
        Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle);
        // In one line, or else the legend by itself: it is short, so that it stands under low cards, too.
        const std::string both = row.caption + (row.caption.empty() || row.legend.empty() ? "" : " · ") + row.legend;
        const bool one_line = sketch.lines_of(both, content.w, sketch.px(12)).size() <= 1;
        sketch.caption(one_line ? both : row.caption, content);
        if (!one_line) sketch.caption(row.legend, content);
        const bool lines = row.ranked || (!slice.col()->labels.empty() &&
                                          static_cast<double>(slice.values.size()) * sketch.px(15) <= content.h);
        if (lines)
            draw_horizontal(sketch, row, content);
        else
            draw_vertical(sketch, row, content);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const BarRow row = whole_bar_row(trace, tensor, state);
        std::vector<ShownValues> all = {shown_values(tensor.info.name, row.slice, {row.slice.col()})};
        if (!row.before.empty()) all.push_back({untouched_name(tensor.info.name), {row.slice.col()}, row.before});
        return all;
    }
};

}  // namespace

const View& bars_view() {
    static const BarsView view;
    return view;
}

}  // namespace saccade
