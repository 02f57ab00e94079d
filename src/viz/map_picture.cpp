#include "viz/map_picture.hpp"

#include "base/translate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

const Axis& axis_from_end(const TraceTensor& tensor, std::size_t i) {
    return *tensor.info.axes[tensor.info.axes.size() - i];
}

Normalization limits(const Tensor<float>& values, bool unit, const ViewState& state) {
    return normalization_for(values, unit, !unit && has_negative(values), asked_scale(state));
}

/// What limits depend on.
std::string scale_key(const ViewState& state) {
    const std::string limits = state.limits ? fmt::format(" {} {}", (*state.limits)[0], (*state.limits)[1]) : "";
    return fmt::format("{} {}{}", to_string(state.scale), state.options.percentile, limits);
}

/// Entries of their own: where one looks at much and another at little, each is to be seen.
bool has_own_scale(const TraceTensor& tensor) {
    return tensor.info.axes.size() >= 3 && (tensor.info.role == Role::map || tensor.info.role == Role::weights);
}

}  // namespace

bool is_map(const TraceTensor& tensor) {
    return tensor.info.axes.size() >= 2 && axis_from_end(tensor, 2).kind == AxisKind::y &&
           axis_from_end(tensor, 1).kind == AxisKind::x;
}

bool is_picture(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    return axes.size() == 3 && axes[0]->kind == AxisKind::y && axes[1]->kind == AxisKind::x &&
           axes[2]->kind == AxisKind::channel && (axes[2]->extent == 3 || axes[2]->extent == 1);
}

const TraceTensor* picture_of(const Trace& trace) {
    for (const TraceTensor* tensor : trace.with_role(Role::input))
        if (is_picture(*tensor) && !tensor->values.empty()) return tensor;
    return nullptr;
}

bool same_cells(const TraceTensor& a, const TraceTensor& b) {
    return is_map(a) && is_map(b) && axis_from_end(a, 2).name == axis_from_end(b, 2).name &&
           axis_from_end(a, 1).name == axis_from_end(b, 1).name;
}

Box fit_box(const Box& room, double shape) {
    double w = std::max(1.0, std::min(room.w, room.h * shape)), h = std::max(1.0, w / shape);
    if (w > room.w + 0.5 || h > room.h + 0.5) w = h = std::max(1.0, std::min(room.w, room.h));
    if (std::min(w, h) >= 8) {
        w = std::floor(w);
        h = std::floor(h);
    }
    return {std::round(room.x + (room.w - w) / 2), std::round(room.y + (room.h - h) / 2), w, h};
}

double shape_of(const TraceTensor* picture, const TraceTensor& map) {
    const auto& axes = picture != nullptr ? picture->info.axes : map.info.axes;
    const std::size_t y = picture != nullptr ? 0 : axes.size() - 2;
    return static_cast<double>(std::max<Index>(axes[y + 1]->extent, 1)) /
           static_cast<double>(std::max<Index>(axes[y]->extent, 1));
}

MapLook map_look(const TraceTensor& tensor, const Tensor<float>& shown, bool over_picture, const ViewState& state, bool own) {
    const Theme& theme = saccade::theme(over_picture ? "dark" : state.theme);
    const bool unit = is_unit_interval(tensor.info.role);
    MapLook look;
    if (own || has_own_scale(tensor) || state.scale == Normalization::Scale::per_row) {
        look.normalization = limits(shown, false, state);
    } else {
        const std::string key = fmt::format("map limits {} {}", unit, scale_key(state));
        look.normalization =
            *remembered<Normalization>(state.memo, tensor.values, key, [&] { return limits(tensor.values, unit, state); });
        // A gate over the picture is read against 1.
        double& high = look.normalization.high;
        if (tensor.info.role == Role::map && look.normalization.low == 0 && high > 0.5 && high < 1) high = 1;
    }
    const bool is_signed = look.normalization.low < 0;
    look.map = &colormap(state.colormap.empty() ? default_colormap(is_signed, theme) : state.colormap, theme);
    // A map about zero that was asked for is a map about zero.
    if (look.map->diverging && !is_signed) look.normalization.low = -look.normalization.high;
    const bool saturates = state.scale == Normalization::Scale::percentile;  // which its label says
    if (unit && !saturates && beyond(shown, look.normalization).any()) {
        look.over = theme.over;
        look.under = theme.under;
    }
    return look;
}

HeatmapItem map_item(const Sketch& sketch, const MapLook& look, const Tensor<float>& values, const Box& box,
                     bool over_picture) {
    const ViewOptions& options = sketch.state().options;
    const Theme& theme = sketch.theme();
    HeatmapItem item;
    item.box = box;
    item.values = values;
    item.map = look.map;
    item.normalization = look.normalization;
    item.hatch = with_alpha(over_picture ? Color{255, 255, 255, 255} : theme.faint, 0.7);
    item.masked_ground = over_picture ? Color{0, 0, 0, 0} : theme.raised;
    item.smooth = options.smooth;
    item.threshold = options.map_threshold;
    if (over_picture) item.opacity = options.opacity;
    item.fades = over_picture;
    item.over = look.over;
    item.under = look.under;
    return item;
}

void draw_cell_focus(Sketch& sketch, const AxisPtr& y, const AxisPtr& x, const Box& box, bool over_picture) {
    const double w = box.w / static_cast<double>(x->extent), h = box.h / static_cast<double>(y->extent);
    const auto outline = [&](const Focus& focus, Color color, double width) {
        const auto row = focus.on(y), col = focus.on(x);
        if (!row || !col || *row >= y->extent || *col >= x->extent) return;
        const Box cell{box.x + static_cast<double>(*col) * w, box.y + static_cast<double>(*row) * h, w, h};
        if (over_picture)
            sketch.ring(cell, color, width, {0, 0, 0, 230}, {255, 255, 255, 230});
        else
            sketch.ring(cell, color, width);
    };
    outline(sketch.hovered_focus(), sketch.hover_color(), sketch.px(1.5));
    outline(sketch.selected_focus(), sketch.theme().selection, sketch.px(2));
}

HitRegion map_region(const CellRef& ref, const TraceTensor& tensor, const Box& box) {
    HitRegion region;
    region.box = box;
    region.ref = ref;
    region.row_axis = static_cast<int>(tensor.info.axes.size()) - 2;
    region.col_axis = region.row_axis + 1;
    region.rows = axis_from_end(tensor, 2).extent;
    region.cols = axis_from_end(tensor, 1).extent;
    return region;
}

std::string map_caption(const ViewState& state, bool over_picture) {
    const ViewOptions usual;
    const ViewOptions& options = state.options;
    std::string text;
    const auto say = [&text](const std::string& part) { text += (text.empty() ? "" : " · ") + part; };
    if (over_picture && options.overlay == ViewOptions::Overlay::map && options.opacity != usual.opacity)
        say(fmt::format("opacity {:.2f}", options.opacity));
    if (options.smooth && options.overlay != ViewOptions::Overlay::contours) say("smooth between cells");
    if (options.map_threshold > 0) say(fmt::format("nothing painted below {:.2f} of the scale", options.map_threshold));
    const AskedScale n = asked_scale(state);
    if (state.scale == Normalization::Scale::per_row)
        say("each map on its own scale");
    else if (!n.label().empty())
        say(n.label());
    return text;
}

void mark_beyond(HeatmapItem& item, bool unit, const Theme& theme, Reuse* memo) {
    if (!unit || item.normalization.scale == Normalization::Scale::percentile) return;
    const Normalization& n = item.normalization;
    const std::string key = fmt::format("beyond {} {}", n.low, n.high);
    const auto count = [&] { return beyond(item.values, n, remembered_extremes(item.values, memo)); };
    if (!remembered<Beyond>(memo, item.values, key, count)->any()) return;
    item.over = theme.over;
    item.under = theme.under;
}

std::string beyond_text(const Beyond& found) {
    const auto cells = [](Index n) { return fmt::format("{} cell{}", n, n == 1 ? "" : "s"); };
    std::string text;
    if (found.above > 0) text = cells(found.above) + " above 1, up to " + number_text(found.highest);
    if (found.below > 0)
        text += (text.empty() ? "" : " · ") + cells(found.below) + " below 0, down to " + number_text(found.lowest);
    return text;
}

Normalization remembered_limits(const Tensor<float>& values, bool unit, bool is_signed, const ViewState& state) {
    return *remembered<Normalization>(
        state.memo, values, fmt::format("limits {} {} {} {}", values.shape().rank(), unit, is_signed, scale_key(state)),
        [&] { return normalization_for(values, unit, is_signed, asked_scale(state)); });
}

std::string low_text(const Normalization& n) {
    if (n.scale != Normalization::Scale::log || n.low != 0) return number_text(n.low);
    return "≤ " + number_text(n.high * std::pow(10, -log_decades));
}

std::string high_text(const Normalization& n) {
    return (n.scale == Normalization::Scale::percentile ? "≥ " : "") + number_text(n.high);
}

Extremes remembered_extremes(const Tensor<float>& values, Reuse* memo) {
    return *remembered<Extremes>(memo, values, "extremes", [&] { return extremes_of(values); });
}

std::optional<double> largest_of(const Tensor<float>& values, Reuse* memo) {
    const float largest = remembered_extremes(values, memo).high;
    return std::isfinite(largest) ? std::optional<double>(largest) : std::nullopt;
}

namespace {

/// A sign for values outside the limits, beside the bar's end: its colour, and which way.
void draw_end(Sketch& sketch, const Box& box, Color color, const std::string& label, double baseline, HAlign align) {
    sketch.rect(box, color);
    sketch.text({align == HAlign::left ? box.x : box.right(), baseline}, label, sketch.px(12), sketch.theme().secondary, align);
}

/// Where the largest value stands between the limits, so that a picture near its ground can be read.
void draw_largest(Sketch& sketch, const Box& bar, const MapLook& look, double baseline) {
    if (!look.largest || !(*look.largest > look.normalization.low) || look.normalization.above(*look.largest)) return;
    const Theme& theme = sketch.theme();
    const double size = sketch.px(12), x = bar.x + bar.w * look.normalization(*look.largest), gap = sketch.px(6);
    if (bar.right() - x < sketch.px(1)) return;
    sketch.line({x, bar.y - sketch.px(2)}, {x, bar.bottom() + sketch.px(2)}, theme.text, sketch.px(1.5));
    const double left = bar.x + sketch.text_width(low_text(look.normalization), size) + gap,
                 right = bar.right() - sketch.text_width(high_text(look.normalization), size) - gap;
    for (const std::string& label : {tr("largest {}", number_text(*look.largest)), number_text(*look.largest)}) {
        const double w = sketch.text_width(label, size);
        if (w > right - left) continue;
        sketch.text({std::clamp(x - w / 2, left, right - w), baseline}, label, size, theme.secondary);
        return;
    }
}

}  // namespace

void draw_color_bar(Sketch& sketch, const Box& whole, double right, const MapLook& look, const std::string& label) {
    const Theme& theme = sketch.theme();
    const double size = sketch.px(12);
    const double baseline = whole.bottom() + sketch.px(4) + sketch.measure().ascent(size, Font::ui);
    const Normalization& n = look.normalization;
    Box bar = whole;
    if (look.over.a > 0) {
        const bool small = whole.w < sketch.px(110);
        const double end = sketch.px(small ? 8 : 10), gap = sketch.px(small ? 3 : 14);
        bar.x += end + gap;
        bar.w -= 2 * (end + gap);
        draw_end(sketch, {whole.x, bar.y, end, bar.h}, look.under, "< " + number_text(n.low), baseline, HAlign::left);
        draw_end(sketch, {whole.right() - end, bar.y, end, bar.h}, look.over, "> " + number_text(n.high), baseline,
                 HAlign::right);
    }
    sketch.add(ColorBarItem{bar, look.map});
    // "< 0" and "> 1" at the ends are the limits already.
    if (look.over.a == 0) {
        sketch.text({bar.x, baseline}, low_text(n), size, theme.secondary);
        sketch.text({bar.right(), baseline}, high_text(n), size, theme.secondary, HAlign::right);
    }
    draw_largest(sketch, bar, look, baseline);
    if (n.low < 0 && n.high > 0) {
        const double zero = n(0);
        const double taken = sketch.text_width(number_text(n.low), size) + sketch.text_width(number_text(n.high), size);
        if (zero > 0.2 && zero < 0.8 && taken + sketch.px(28) < bar.w)
            sketch.text({bar.x + bar.w * zero, baseline}, "0", size, theme.secondary, HAlign::center);
    }
    const double room = right - whole.right() - sketch.px(12);
    const std::string cut = cut_to_fit(label, room, size, Font::ui, sketch.measure());
    if (cut.size() > 6 || cut == label)  // what is left of it must say something
        sketch.text({whole.right() + sketch.px(12), bar.y + bar.h / 2}, cut, size, theme.secondary, HAlign::left,
                    VAlign::middle);
    else
        sketch.leave_out(label);
}

std::string measured_in(const TensorInfo& info) {
    return info.unit.empty() ? info.symbol : tr(info.unit);
}

}  // namespace saccade
