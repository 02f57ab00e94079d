#include <algorithm>
#include <cmath>
#include <limits>

#include "base/translate.hpp"
#include "viz/layout.hpp"
#include "viz/slice.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// One line: a tensor of one axis, or a row of a tensor of two (series, positions).
struct Series {
    const TraceTensor* tensor;
    std::string name;
    Tensor<float> values;  // [positions]
};

/// Curves that share a unit share a scale, and a plot.
struct Panel {
    std::string unit;
    std::vector<Series> series;
};

std::string name_of(const TraceTensor& tensor) {
    return tensor.info.title.empty() ? tensor.info.name : tensor.info.title;
}

const AxisPtr& positions_of(const TraceTensor& tensor) {
    return tensor.info.axes.back();
}

std::vector<const TraceTensor*> tensors_of(const View& view, const Trace& trace, const ViewState& state) {
    const TraceTensor& first = tensor_for(view, trace, state);
    if (!state.tensor.empty()) return {&first};
    std::vector<const TraceTensor*> all;
    for (const TraceTensor* tensor : trace.with_role(Role::metric))
        if (view.accepts(trace, *tensor) && tensor->info.axes == first.info.axes) all.push_back(tensor);
    return all;
}

std::vector<Panel> panels_of(const std::vector<const TraceTensor*>& tensors) {
    std::vector<Panel> panels;
    for (const TraceTensor* tensor : tensors) {
        if (tensor->values.shape().rank() == 2) {
            Panel& panel = panels.emplace_back(Panel{tensor->info.unit, {}});
            for (Index row = 0; row < tensor->values.shape()[0]; ++row)
                panel.series.push_back({tensor, drawn_label(*tensor->info.axes[0], row), tensor->values.row(row)});
            continue;
        }
        const auto same = std::find_if(panels.begin(), panels.end(), [&](const Panel& p) {
            return p.unit == tensor->info.unit && !p.unit.empty() && p.series[0].tensor->values.shape().rank() == 1;
        });
        Panel& panel = same == panels.end() ? panels.emplace_back(Panel{tensor->info.unit, {}}) : *same;
        panel.series.push_back({tensor, name_of(*tensor), tensor->values});
    }
    return panels;
}

/// Where positions of the axis stand: at the numbers that its labels are, if they all are and grow, else at their index.
struct Abscissae {
    std::vector<double> x;
    bool names = false;  // the labels are not numbers: they are written as they are
};
Abscissae abscissae(const Axis& axis) {
    Abscissae a;
    for (Index i = 0; i < axis.extent; ++i) {
        const std::string label = drawn_label(axis, i);
        char* end = nullptr;
        const double value = std::strtod(label.c_str(), &end);
        if (label.empty() || *end != '\0' || !std::isfinite(value) || (!a.x.empty() && value <= a.x.back())) {
            a.x.clear();
            a.names = !axis.labels.empty();
            for (Index k = 0; k < axis.extent; ++k) a.x.push_back(static_cast<double>(k));
            break;
        }
        a.x.push_back(value);
    }
    if (axis.labels.empty() || a.names)
        for (double& v : a.x) v += 1;  // counted from 1, for people
    return a;
}

constexpr double most_decades = 8;  // what a log scale shows below its top

/// Smallest and largest finite value; of a log scale, smallest and largest that it can show.
std::pair<double, double> range_of(const Panel& panel, bool log) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Series& series : panel.series)
        for (const float v : series.values.values())
            if (std::isfinite(v) && (!log || v > 0)) {
                low = std::min<double>(low, v);
                high = std::max<double>(high, v);
            }
    if (low > high) return log ? std::pair(0.1, 1.0) : std::pair(0.0, 1.0);
    return {log ? std::max(low, high * std::pow(10, -most_decades)) : low, high};
}

bool measured(const Panel& panel) {
    return std::ranges::any_of(panel.series, [](const Series& series) {
        return std::ranges::any_of(series.values.values(), [](float v) { return std::isfinite(v); });
    });
}

Ticks y_ticks(const Panel& panel, bool log, double height, double size) {
    const int wanted = static_cast<int>(std::clamp(height / (size * 3.2), 1.0, 5.0));
    auto [low, high] = range_of(panel, log);
    if (log) {
        // Whole decades, every k-th.
        Ticks ticks;
        ticks.low = std::floor(std::log10(low));
        ticks.high = std::max(ticks.low + 1, std::ceil(std::log10(high)));
        const double step = std::max(1.0, std::ceil((ticks.high - ticks.low) / wanted));
        for (double v = ticks.high; v >= ticks.low; v -= step) ticks.values.push_back(v);
        return ticks;
    }
    // Losses and rates are read against zero; of a logarithm it is one value among others.
    if (low > 0 && !panel.unit.starts_with("log")) low = 0;
    if (high == low) high = low + 1;
    return nice_ticks(low, high, wanted);
}

struct Plot {
    Box box;
    double margin = 0;        // free at the right, for the last value
    bool log = false;         // then y holds exponents of 10
    bool name_below = false;  // the axis has a line for its name, under its numbers
    Ticks x_ticks, y;
    Abscissae x;

    double at_x(double v) const {
        const auto& all = x.x;
        return all.size() < 2 ? box.x + box.w / 2 : box.x + (v - all.front()) / (all.back() - all.front()) * box.w;
    }
    double at(Index i) const { return at_x(x.x[static_cast<std::size_t>(i)]); }
    bool shows(double v) const { return std::isfinite(v) && (!log || (v > 0 && std::log10(v) >= y.low)); }
    double at_y(double v) const { return box.bottom() - ((log ? std::log10(v) : v) - y.low) / (y.high - y.low) * box.h; }
    std::string tick_text(double v) const { return number_text(log ? std::pow(10, v) : v); }
    double tick_y(double v) const { return at_y(log ? std::pow(10, v) : v); }
};

/// Are the labels sizes, "n 32", "n 64", each with the name of the axis before its number?
bool are_sizes(const Axis& axis) {
    return !axis.labels.empty() &&
           std::ranges::all_of(axis.labels, [&](const std::string& label) { return label.starts_with(axis.name + " "); });
}

/// What stands under the position: of a size its number, the name is the axis's.
std::string tick_name(const Axis& axis, Index i) {
    return are_sizes(axis) ? axis.label(i).substr(axis.name.size() + 1) : drawn_label(axis, i);
}

/// Every how many-th label has room beside the next. 0: they are no names, or words of which not all have room, and some words
/// alone say nothing.
Index names_stride(const Sketch& sketch, const Plot& plot, const Axis& axis, double size) {
    if (!plot.x.names) return 0;
    const double pitch = plot.box.w / static_cast<double>(std::max<Index>(1, axis.extent - 1));
    const bool sizes = are_sizes(axis);
    if (pitch < size * 0.5 && !sizes) return 0;  // not even one letter: need not be measured
    double widest = 0;
    for (Index i = 0; i < axis.extent; ++i) widest = std::max(widest, sketch.text_width(tick_name(axis, i), size));
    const double wanted = widest + sketch.px(sizes ? 8 : 2);
    return wanted <= pitch ? 1 : sizes ? static_cast<Index>(std::ceil(wanted / pitch)) : 0;
}

/// Labels below the plot, each under its position. Where the last one ends.
double draw_names(Sketch& sketch, const Plot& plot, const AxisPtr& axis, double size, Index stride) {
    const double y = plot.box.bottom() + sketch.px(6);
    double end = plot.box.x;
    for (Index i = 0; i < axis->extent; i += stride) {
        const std::string label = tick_name(*axis, i);
        const double x = plot.at(i);
        end = x + sketch.text_width(label, size) / 2;
        sketch.text({x, y}, label, size, sketch.focus_color(axis, i, sketch.theme().secondary), HAlign::center, VAlign::top);
    }
    return end;
}

double draw_numbers(Sketch& sketch, const Plot& plot, double size) {
    const double y = plot.box.bottom() + sketch.px(6);
    double free_from = -1e9;
    for (const double v : plot.x_ticks.values) {
        if (v < plot.x.x.front() || v > plot.x.x.back()) continue;
        const std::string text = number_text(v);
        const double w = sketch.text_width(text, size), x = plot.at_x(v);
        if (x - w / 2 < free_from) continue;
        sketch.text({x, y}, text, size, sketch.theme().secondary, HAlign::center, VAlign::top);
        free_from = x + w / 2 + sketch.px(10);
    }
    return free_from;
}

void draw_frame(Sketch& sketch, const Plot& plot, const AxisPtr& axis, double size) {
    const Theme& theme = sketch.theme();
    double last = -1e9;  // where a number stands already: another over it could not be read
    for (const double v : plot.y.values) {
        const double y = plot.tick_y(v);
        sketch.line({plot.box.x, y}, {plot.box.right(), y}, theme.line);
        if (std::abs(y - last) < size) continue;
        last = y;
        sketch.text({plot.box.x - sketch.px(8), y}, plot.tick_text(v), size, theme.secondary, HAlign::right, VAlign::middle);
    }
    const Index stride = names_stride(sketch, plot, *axis, size);
    const double free_from = stride > 0 ? draw_names(sketch, plot, axis, size, stride) : draw_numbers(sketch, plot, size);
    const double w = sketch.text_width(short_name(*axis), size), y = plot.box.bottom() + sketch.px(6);
    if (plot.name_below || free_from + w < plot.box.right())
        sketch.text({plot.box.right(), y + (plot.name_below ? size * 1.4 : 0)},
                    cut_to_fit(short_name(*axis), plot.box.w, size, Font::ui, sketch.measure()), size, theme.secondary,
                    HAlign::right, VAlign::top);
}

/// Breaks the line where values are missing; a point alone is a dot.
void draw_series(Sketch& sketch, const Plot& plot, const Tensor<float>& values, Color color) {
    LineItem line{{}, color, sketch.px(1.8)};
    const auto flush = [&] {
        if (line.points.size() == 1) sketch.add(CircleItem{line.points[0], sketch.px(2.5), color});
        if (line.points.size() > 1) sketch.add(line);
        line.points.clear();
    };
    // More points than pixels cannot be told apart: keep every k-th, and the last.
    const Index n = values.size(), stride = std::max<Index>(1, n / std::max<Index>(1, static_cast<Index>(plot.box.w * 2)));
    for (Index i = 0; i < n; ++i) {
        const float v = values.data()[i];
        if (!plot.shows(v))
            flush();
        else if (i % stride == 0 || i + 1 == n)
            line.points.push_back({plot.at(i), plot.at_y(v)});
    }
    flush();
}

/// The value in focus, or the last one: a dot, and its number where it is the only one.
void draw_value(Sketch& sketch, const Plot& plot, const Tensor<float>& values, Index i, Color color, double size, bool number) {
    const float v = values.data()[i];
    if (!plot.shows(v)) return;
    const Point at{plot.at(i), plot.at_y(v)};
    sketch.add(CircleItem{at, sketch.px(3.5), color});
    if (!number) return;
    const std::string text = number_text(v);
    // Beside the last point the margin is free; elsewhere the number stands above the line.
    const double w = sketch.text_width(text, size, Font::mono);
    if (i + 1 == values.size() && w + sketch.px(8) <= plot.margin) {
        sketch.text({at.x + sketch.px(8), at.y}, text, size, color, HAlign::left, VAlign::middle, Font::mono);
        return;
    }
    const bool above = at.y - sketch.px(22) > plot.box.y || plot.box.h < sketch.px(50);
    const bool right = at.x + sketch.px(6) + w <= plot.box.right() + plot.margin;
    sketch.text({at.x + (right ? sketch.px(6) : sketch.px(-2)), at.y + (above ? -1 : 1) * sketch.px(12)}, text, size, color,
                right ? HAlign::left : HAlign::right, VAlign::middle, Font::mono);
}

Color color_of(const Sketch& sketch, std::size_t i) {
    return series_color(sketch.theme(), i);
}

/// A low box has smaller letters, closer lines and shorter names: the curves need the room.
bool is_low(const Sketch& sketch, const Box& box) {
    return box.h < sketch.px(120);
}

/// Names of the curves; of several, in their colours and each with its value at position `at`, which need then not stand at the
/// lines, where it would cover others. In as many lines as they need: a curve without its name cannot be read. Returns their
/// height.
double draw_legend(Sketch& sketch, const Panel& panel, const Box& box, double size, Index at) {
    const bool several = panel.series.size() > 1, low = is_low(sketch, box);
    if (!several && panel.series[0].name.empty() && panel.unit.empty()) return 0;
    const double line = size * (low ? 1.2 : 1.4), gap = sketch.px(low ? 10 : 16);
    std::vector<std::pair<std::string, Color>> names;
    // Whole, without the values, without what is said after the name: whatever leaves a low box to its curves.
    const auto name_all = [&](int shorter) {
        names.clear();
        for (std::size_t i = 0; i < panel.series.size(); ++i) {
            std::string name = tr_composed(panel.series[i].name);
            const float value = panel.series[i].values.data()[at];
            if (several && shorter < 1 && std::isfinite(value)) name += " " + number_text(value);
            if (several && shorter > 1) name.resize(std::min(name.find(" · "), name.size()));
            if (!several && !panel.unit.empty()) name += (name.empty() ? "" : ", ") + tr(panel.unit);
            names.emplace_back(name, several ? color_of(sketch, i) : sketch.theme().text);
        }
        if (several && !panel.unit.empty()) names.emplace_back(tr("in {}", tr(panel.unit)), sketch.theme().secondary);
    };
    const auto place = [&](bool draw) {
        Point pen{box.x, box.y};
        for (const auto& [name, color] : names) {
            const double w = std::min(sketch.text_width(name, size), box.w);
            if (pen.x > box.x && pen.x + w > box.right()) pen = {box.x, pen.y + line};
            if (draw)
                sketch.text(pen, cut_to_fit(name, box.w, size, Font::ui, sketch.measure()), size, color, HAlign::left,
                            VAlign::top);
            pen.x += w + gap;
        }
        return pen.y + line - box.y;
    };
    for (int shorter = 0; shorter < 3; ++shorter) {
        name_all(shorter);
        if (place(false) <= box.h * 0.36) break;
    }
    return place(true);
}

/// At least three of them between the ends, from which a scale can be read.
Ticks x_ticks(double first, double last, int wanted) {
    for (constexpr int most = 8;; ++wanted) {
        Ticks ticks = nice_ticks(first, last, wanted);
        const auto shown = std::ranges::count_if(ticks.values, [&](double v) { return v >= first && v <= last; });
        if (shown >= 3 || wanted >= most) return ticks;
    }
}

void draw_panel(Sketch& sketch, const Panel& panel, const Box& box) {
    const Theme& theme = sketch.theme();
    const bool low = is_low(sketch, box);
    const double size = sketch.px(low ? 11 : 12), head = sketch.px(low ? 11 : 13);
    const TraceTensor& first = *panel.series[0].tensor;
    const AxisPtr axis = positions_of(first);
    const auto step = position_on(sketch.state(), axis);
    const double named = draw_legend(sketch, panel, box, head, step.value_or(axis->extent - 1));
    if (!measured(panel)) {
        // Axes would say that something was found.
        sketch.text({box.x, box.y + named + size}, cut_to_fit(tr("no values yet"), box.w, size, Font::ui, sketch.measure()),
                    size, theme.secondary, HAlign::left, VAlign::top);
        return;
    }
    Plot plot;
    plot.log = sketch.state().scale == Normalization::Scale::log;
    plot.name_below = box.h >= sketch.px(130);
    const double top = box.y + named + sketch.px(low ? 9 : 14), bottom = size * (plot.name_below ? 2.8 : 1.4) + sketch.px(6);
    plot.y = y_ticks(panel, plot.log, box.bottom() - top - bottom, size);
    double left = 0;
    for (const double v : plot.y.values) left = std::max(left, sketch.text_width(plot.tick_text(v), size));
    left += sketch.px(10);
    plot.margin = std::min(sketch.px(panel.series.size() > 1 ? 12 : 60), box.w * 0.25);
    plot.box = {box.x + left, top, std::max(1.0, box.w - left - plot.margin), std::max(1.0, box.bottom() - top - bottom)};
    plot.x = abscissae(*axis);
    plot.x_ticks = x_ticks(plot.x.x.front(), plot.x.x.back(), static_cast<int>(std::max(1.0, plot.box.w / sketch.px(90))));
    draw_frame(sketch, plot, axis, size);
    for (std::size_t i = 0; i < panel.series.size(); ++i)
        draw_series(sketch, plot, panel.series[i].values, color_of(sketch, i));
    if (step) {
        const double at = plot.at(*step);
        sketch.line({at, plot.box.y}, {at, plot.box.bottom()}, with_alpha(theme.selection, 0.6));
    }
    const bool alone = panel.series.size() == 1;
    for (std::size_t i = 0; i < panel.series.size(); ++i)
        draw_value(sketch, plot, panel.series[i].values, step.value_or(axis->extent - 1),
                   step && alone ? theme.selection : color_of(sketch, i), size, alone);
    HitRegion region;
    region.box = plot.box;
    region.ref = {first.info.name, std::vector<Index>(first.info.axes.size(), -1)};
    region.cols = axis->extent;
    region.col_axis = static_cast<int>(first.info.axes.size()) - 1;
    sketch.region(region);
}

class CurvesView : public View {
 public:
    std::string id() const override { return "curves"; }
    std::string title() const override { return "Curves"; }
    std::string explains() const override {
        return "Numbers along an axis; what the axes are stands at them, and each line at its end.";
    }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        const int rank = tensor.values.shape().rank();
        return tensor.info.role == Role::metric && (rank == 1 || rank == 2) && tensor.values.size() > 0;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const auto tensors = tensors_of(*this, trace, state);
        std::vector<Panel> panels = panels_of(tensors);
        if (tensors.size() == 1 && panels[0].series.size() == 1) panels[0].series[0].name.clear();  // the title says it
        Sketch sketch(state, measure);
        const Box content =
            sketch.begin(tensors.size() == 1 ? name_of(*tensors[0]) : title(), axis_caption(*positions_of(*tensors[0])));
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
        for (const TraceTensor* tensor : tensors_of(*this, trace, state))
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
