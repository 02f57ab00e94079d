#include <algorithm>
#include <cmath>
#include <limits>

#include "viz/layout.hpp"
#include "viz/slice.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// Curves that share a unit share a scale, and a plot.
struct Panel {
    std::string unit;
    std::vector<const TraceTensor*> series;
};

std::string name_of(const TraceTensor& tensor) {
    return tensor.info.title.empty() ? tensor.info.name : tensor.info.title;
}

std::vector<const TraceTensor*> series_of(const View& view, const Trace& trace, const ViewState& state) {
    const TraceTensor& first = tensor_for(view, trace, state);
    if (!state.tensor.empty()) return {&first};
    std::vector<const TraceTensor*> all;
    for (const TraceTensor* tensor : trace.with_role(Role::metric))
        if (view.accepts(trace, *tensor) && tensor->info.axes == first.info.axes) all.push_back(tensor);
    return all;
}

std::vector<Panel> panels_of(const std::vector<const TraceTensor*>& series) {
    std::vector<Panel> panels;
    for (const TraceTensor* tensor : series) {
        const auto same = std::find_if(panels.begin(), panels.end(),
                                       [&](const Panel& p) { return p.unit == tensor->info.unit && !p.unit.empty(); });
        if (same == panels.end())
            panels.push_back({tensor->info.unit, {tensor}});
        else
            same->series.push_back(tensor);
    }
    return panels;
}

/// Where positions of the step axis stand: at the numbers that its labels are, if they all are and grow, else at their index.
std::vector<double> abscissae(const Axis& axis) {
    std::vector<double> x;
    for (Index i = 0; i < axis.extent; ++i) {
        const std::string label = axis.label(i);
        char* end = nullptr;
        const double value = std::strtod(label.c_str(), &end);
        if (label.empty() || *end != '\0' || !std::isfinite(value) || (!x.empty() && value <= x.back())) {
            x.clear();
            for (Index k = 0; k < axis.extent; ++k) x.push_back(static_cast<double>(k));
            return x;
        }
        x.push_back(value);
    }
    return x;
}

Ticks y_ticks(const Panel& panel, double height, double size) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const TraceTensor* tensor : panel.series)
        for (const float v : tensor->values.values())
            if (std::isfinite(v)) {
                low = std::min<double>(low, v);
                high = std::max<double>(high, v);
            }
    if (low > high) low = 0, high = 1;
    if (low > 0) low = 0;  // losses and rates are read against zero
    if (high == low) high = low + 1;
    return nice_ticks(low, high, static_cast<int>(std::clamp(height / (size * 3.2), 1.0, 5.0)));
}

struct Plot {
    Box box;
    double margin = 0;  // free at the right, for the last value
    Ticks x_ticks, y;
    std::vector<double> x;

    double at_x(double v) const {
        return x.size() < 2 ? box.x + box.w / 2 : box.x + (v - x.front()) / (x.back() - x.front()) * box.w;
    }
    double at_y(double v) const { return box.bottom() - (v - y.low) / (y.high - y.low) * box.h; }
};

void draw_frame(Sketch& sketch, const Plot& plot, const Axis& axis, double size) {
    const Theme& theme = sketch.theme();
    for (const double v : plot.y.values) {
        const double y = plot.at_y(v);
        sketch.line({plot.box.x, y}, {plot.box.right(), y}, theme.line);
        sketch.text({plot.box.x - sketch.px(8), y}, number_text(v), size, theme.secondary, HAlign::right, VAlign::middle);
    }
    const double y = plot.box.bottom() + sketch.px(6);
    double free_from = -1e9;
    for (const double v : plot.x_ticks.values) {
        if (v < plot.x.front() || v > plot.x.back()) continue;
        const std::string text = number_text(v);
        const double w = sketch.text_width(text, size), x = plot.at_x(v);
        if (x - w / 2 < free_from) continue;
        sketch.text({x, y}, text, size, theme.secondary, HAlign::center, VAlign::top);
        free_from = x + w / 2 + sketch.px(10);
    }
    const double w = sketch.text_width(axis.name, size);
    if (free_from + w < plot.box.right())
        sketch.text({plot.box.right(), y}, axis.name, size, theme.faint, HAlign::right, VAlign::top);
}

/// Breaks the line where values are missing; a point alone is a dot.
void draw_series(Sketch& sketch, const Plot& plot, const TraceTensor& tensor, Color color) {
    LineItem line{{}, color, sketch.px(1.8)};
    const auto flush = [&] {
        if (line.points.size() == 1) sketch.add(CircleItem{line.points[0], sketch.px(2.5), color});
        if (line.points.size() > 1) sketch.add(line);
        line.points.clear();
    };
    // More points than pixels cannot be told apart: keep every so manieth, and the last.
    const Index n = tensor.values.size(),
                stride = std::max<Index>(1, n / std::max<Index>(1, static_cast<Index>(plot.box.w * 2)));
    for (Index i = 0; i < n; ++i) {
        const float v = tensor.values.data()[i];
        if (!std::isfinite(v))
            flush();
        else if (i % stride == 0 || i + 1 == n)
            line.points.push_back({plot.at_x(plot.x[static_cast<std::size_t>(i)]), plot.at_y(v)});
    }
    flush();
}

/// The value in focus, or the last one: a dot and its number.
void draw_value(Sketch& sketch, const Plot& plot, const TraceTensor& tensor, Index i, Color color, double size) {
    const float v = tensor.values.data()[i];
    if (!std::isfinite(v)) return;
    const Point at{plot.at_x(plot.x[static_cast<std::size_t>(i)]), plot.at_y(v)};
    sketch.add(CircleItem{at, sketch.px(3.5), color});
    const std::string text = number_text(v);
    // Beside the last point the margin is free; elsewhere the number stands above the line.
    const double w = sketch.text_width(text, size, Font::mono);
    if (i + 1 == tensor.values.size() && w + sketch.px(8) <= plot.margin) {
        sketch.text({at.x + sketch.px(8), at.y}, text, size, color, HAlign::left, VAlign::middle, Font::mono);
        return;
    }
    const bool above = at.y - sketch.px(22) > plot.box.y || plot.box.h < sketch.px(50);
    const bool right = at.x + sketch.px(6) + w <= plot.box.right() + plot.margin;
    sketch.text({at.x + (right ? sketch.px(6) : sketch.px(-2)), at.y + (above ? -1 : 1) * sketch.px(12)}, text, size, color,
                right ? HAlign::left : HAlign::right, VAlign::middle, Font::mono);
}

void draw_panel(Sketch& sketch, const Panel& panel, const Box& box) {
    const Theme& theme = sketch.theme();
    const double size = sketch.px(12), head = sketch.px(13);
    const AxisPtr axis = panel.series[0]->info.axes[0];
    const Color colors[] = {theme.accent, theme.secondary, theme.holds, theme.broken};
    double x = box.x;
    for (std::size_t i = 0; i < panel.series.size(); ++i) {
        std::string name = name_of(*panel.series[i]);
        if (i + 1 == panel.series.size() && !panel.unit.empty()) name += ", " + panel.unit;
        const std::string cut = cut_to_fit(name, box.right() - x, head, Font::ui, sketch.measure());
        sketch.text({x, box.y}, cut, head, panel.series.size() > 1 ? colors[i % 4] : theme.text, HAlign::left, VAlign::top);
        x += sketch.text_width(cut, head) + sketch.px(16);
    }
    Plot plot;
    const double top = box.y + head * 1.4 + sketch.px(14), bottom = size * 1.4 + sketch.px(8);
    plot.y = y_ticks(panel, box.bottom() - top - bottom, size);
    double left = 0;
    for (const double v : plot.y.values) left = std::max(left, sketch.text_width(number_text(v), size));
    left += sketch.px(10);
    plot.margin = std::min(sketch.px(60), box.w * 0.25);
    plot.box = {box.x + left, top, std::max(1.0, box.w - left - plot.margin), std::max(1.0, box.bottom() - top - bottom)};
    plot.x = abscissae(*axis);
    if (axis->labels.empty())
        for (double& v : plot.x) v += 1;
    plot.x_ticks = nice_ticks(plot.x.front(), plot.x.back(), static_cast<int>(std::max(1.0, plot.box.w / sketch.px(90))));
    draw_frame(sketch, plot, *axis, size);
    for (std::size_t i = 0; i < panel.series.size(); ++i) draw_series(sketch, plot, *panel.series[i], colors[i % 4]);
    const auto step = position_on(sketch.state(), axis);
    if (step) {
        const double at = plot.at_x(plot.x[static_cast<std::size_t>(*step)]);
        sketch.line({at, plot.box.y}, {at, plot.box.bottom()}, with_alpha(theme.selection, 0.6));
    }
    for (std::size_t i = 0; i < panel.series.size(); ++i)
        draw_value(sketch, plot, *panel.series[i], step.value_or(axis->extent - 1), step ? theme.selection : colors[i % 4],
                   size);
    HitRegion region;
    region.box = plot.box;
    region.ref = {panel.series[0]->info.name, {-1}};
    region.cols = axis->extent;
    region.col_axis = 0;
    sketch.region(region);
}

class CurvesView : public View {
 public:
    std::string id() const override { return "curves"; }
    std::string title() const override { return "Curves"; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return tensor.info.role == Role::metric && tensor.values.shape().rank() == 1 && tensor.values.size() > 0;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const auto series = series_of(*this, trace, state);
        const std::vector<Panel> panels = panels_of(series);
        Sketch sketch(state, measure);
        const Box content =
            sketch.begin(series.size() == 1 ? name_of(*series[0]) : title(), axis_caption(*series[0]->info.axes[0]));
        const double n = static_cast<double>(panels.size()), gap = sketch.px(20);
        const bool side_by_side = content.w > content.h * 1.5;
        for (std::size_t i = 0; i < panels.size(); ++i) {
            const double k = static_cast<double>(i);
            Box box = content;
            if (side_by_side) {
                box.w = (content.w - gap * (n - 1)) / n;
                box.x += k * (box.w + gap);
            } else {
                box.h = (content.h - gap * (n - 1)) / n;
                box.y += k * (box.h + gap);
            }
            draw_panel(sketch, panels[i], box);
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        std::vector<ShownValues> all;
        for (const TraceTensor* tensor : series_of(*this, trace, state))
            all.push_back({tensor->info.name, tensor->info.axes, tensor->values});
        return all;
    }
};

}  // namespace

const View& curves_view() {
    static const CurvesView view;
    return view;
}

}  // namespace saccade
