#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/translate.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

struct Channels {
    ChannelGate gate;
    std::vector<Index> order;
    bool sorted = false;
    double low = 0, high = 1;  // of the values

    AxisPtr axis() const { return gate.row.col(); }
    Index size() const { return static_cast<Index>(order.size()); }
    double value(Index place) const {
        return static_cast<double>(gate.row.values.data()[order[static_cast<std::size_t>(place)]]);
    }
    bool edited(Index place) const {
        const Index i = order[static_cast<std::size_t>(place)];
        return gate.computed.data()[i] != gate.row.values.data()[i];
    }
};

Channels channels_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    Channels channels;
    channels.gate = gate_of(trace, tensor.info.axes.back(), state, &tensor);
    const Tensor<float>& values = channels.gate.row.values;
    channels.sorted = state.options.sort == ViewOptions::Sort::gate;
    if (channels.sorted) {
        channels.order = largest_first(channels.gate.computed);
    } else {
        channels.order.resize(static_cast<std::size_t>(values.size()));
        std::iota(channels.order.begin(), channels.order.end(), Index{0});
    }
    if (is_unit_interval(tensor.info.role)) return channels;
    channels.high = 0;
    for (const float v : values.values())
        if (std::isfinite(v)) {
            channels.low = std::min<double>(channels.low, v);
            channels.high = std::max<double>(channels.high, v);
        }
    if (channels.low == channels.high) channels.high = channels.low + 1;
    return channels;
}

/// Where the bars stand.
struct Plot {
    Box box, room;  // of the bars, and of all that is drawn
    double pitch = 1, gap = 0;
    double scale = 1, zero = 0;  // px per unit, and where zero is

    double x(Index place) const { return box.x + static_cast<double>(place) * pitch; }
};

/// Open gates are blue, those that close step back.
Color color_at(const Sketch& sketch, const Channels& channels, Index place) {
    const double v = channels.value(place);
    const Index channel = channels.order[static_cast<std::size_t>(place)];
    const Color color = sketch.bar_color(channels.axis(), channel, v);
    if (sketch.selected(channels.axis(), channel) || sketch.hovered(channels.axis(), channel) || v < 0) return color;
    const double share = std::clamp(v / std::max(channels.high, 1e-12), 0.0, 1.0);
    return mix(color, sketch.theme().panel, 0.4 * (1 - share));
}

void draw_bars(Sketch& sketch, const Channels& channels, const Plot& plot) {
    const double radius = plot.pitch >= 8 ? sketch.px(1.5) : 0;
    for (Index place = 0; place < channels.size(); ++place) {
        const double v = channels.value(place), x = plot.x(place) + plot.gap / 2, w = plot.pitch - plot.gap;
        if (!std::isfinite(v)) {
            sketch.hatch({x, plot.box.y, w, plot.box.h});
            continue;
        }
        const double length = std::max(std::abs(v) * plot.scale, 1.0);
        sketch.rect({x, v < 0 ? plot.zero : plot.zero - length, w, length}, color_at(sketch, channels, place), radius);
        if (!channels.edited(place)) continue;
        // What the model had computed.
        const double before = channels.gate.computed.data()[channels.order[static_cast<std::size_t>(place)]] * plot.scale;
        sketch.line({x - 1, plot.zero - before}, {x + w + 1, plot.zero - before}, sketch.theme().text, sketch.px(1.5));
    }
}

/// More channels than pixels: each column of pixels shows the largest of its channels; the channel in focus stands before it.
void draw_dense(Sketch& sketch, const Channels& channels, const Plot& plot) {
    const auto columns = std::max<Index>(1, static_cast<Index>(plot.box.w));
    const auto bar = [&](double x, double v, Color color) {
        if (!std::isfinite(v)) return;
        const double length = std::abs(v) * plot.scale;
        sketch.rect({x, v < 0 ? plot.zero : plot.zero - length, 1, length}, color);
    };
    const Index n = channels.size();
    for (Index k = 0; k < columns; ++k) {
        double most = 0;
        for (Index i = k * n / columns; i < std::max(k * n / columns + 1, (k + 1) * n / columns); ++i)
            if (const double v = channels.value(i); std::isfinite(v) && std::abs(v) > std::abs(most)) most = v;
        bar(plot.box.x + static_cast<double>(k), most, most < 0 ? sketch.theme().negative : sketch.theme().accent);
    }
    for (Index place = 0; place < n; ++place) {
        const Index channel = channels.order[static_cast<std::size_t>(place)];
        if (sketch.selected(channels.axis(), channel) || sketch.hovered(channels.axis(), channel))
            bar(std::floor(plot.x(place)), channels.value(place), color_at(sketch, channels, place));
    }
}

/// Numbers under the bars: the first, the last and those in focus, or all that have room where they are not sorted or wide.
void draw_numbers(Sketch& sketch, const Channels& channels, const Plot& plot) {
    const AxisPtr axis = channels.axis();
    const double size = sketch.px(12), y = plot.box.bottom() + sketch.px(8);
    struct Label {
        double from, to;
    };
    std::vector<Label> taken;
    const auto write = [&](Index place, const std::string& text, Color color, bool must) {
        const double w = sketch.text_width(text, size), middle = plot.x(place) + plot.pitch / 2;
        const double from = std::clamp(middle - w / 2, plot.box.x, std::max(plot.box.x, plot.box.right() - w));
        const double space = sketch.px(6);
        const bool clash = std::any_of(taken.begin(), taken.end(),
                                       [&](const Label& l) { return from < l.to + space && l.from < from + w + space; });
        if (clash || (!must && w > plot.box.w)) return;
        taken.push_back({from, from + w});
        sketch.text({from, y}, text, size, color, HAlign::left, VAlign::top);
    };
    const auto label = [&](Index place) { return drawn_label(*axis, channels.order[static_cast<std::size_t>(place)]); };
    const Theme& theme = sketch.theme();
    for (const bool selected : {true, false})
        for (Index place = 0; place < channels.size(); ++place) {
            const Index channel = channels.order[static_cast<std::size_t>(place)];
            if (selected ? sketch.selected(axis, channel) : sketch.hovered(axis, channel))
                write(place, label(place), selected ? theme.selection : theme.accent, true);
        }
    const Index last = channels.size() - 1;
    const std::string name = axis->labels.empty() ? tr(to_string(axis->kind)) + " " : "";
    write(0, name + label(0), theme.secondary, true);
    if (last > 0) write(last, name + label(last), theme.secondary, true);
    if (!axis->labels.empty() || plot.pitch >= sketch.px(22))
        for (Index place = 1; place < last; ++place) write(place, label(place), theme.secondary, false);
}

/// The value of the channel in focus, above its bar.
void draw_values(Sketch& sketch, const Channels& channels, const Plot& plot) {
    const double size = sketch.px(12);
    for (Index place = 0; place < channels.size(); ++place) {
        const Index channel = channels.order[static_cast<std::size_t>(place)];
        const bool selected = sketch.selected(channels.axis(), channel);
        const double v = channels.value(place);
        if (!std::isfinite(v) || (!selected && !sketch.hovered(channels.axis(), channel))) continue;
        const std::string text = number_text(v);
        const double w = sketch.text_width(text, size, Font::mono) + sketch.px(6), h = size * 1.3;
        if (w > plot.room.w) continue;
        const Box& within = w <= plot.box.w ? plot.box : plot.room;
        const double x = std::clamp(plot.x(place) + (plot.pitch - w) / 2, within.x, within.right() - w);
        const double top = plot.zero - std::max(v, 0.0) * plot.scale - h - sketch.px(3);
        const Box box{x, std::max(top, 0.0), w, h};
        sketch.rect(box, with_alpha(sketch.theme().panel, 0.85), 3);
        sketch.text({x + w / 2, box.y + h / 2}, text, size, selected ? sketch.theme().selection : sketch.theme().text,
                    HAlign::center, VAlign::middle, Font::mono);
        if (selected) return;  // one number is enough
    }
}

Plot arrange(const Sketch& sketch, const Channels& channels, const Box& content) {
    const double size = sketch.px(12);
    const bool numbers = content.h >= sketch.px(70), scale_shown = content.w > sketch.px(160) && content.h > sketch.px(80);
    const double left = scale_shown ? std::max(sketch.text_width(number_text(channels.low), size),
                                               sketch.text_width(number_text(channels.high), size)) +
                                          sketch.px(10)
                                    : 0;
    const double top = numbers ? size * 1.3 + sketch.px(4) : 0, bottom = numbers ? size * 1.4 + sketch.px(8) : 0;
    Plot plot;
    plot.room = content;
    plot.pitch = std::min((content.w - left) / static_cast<double>(channels.size()), sketch.px(40));
    plot.gap = plot.pitch >= 3 ? std::min(plot.pitch * 0.2, sketch.px(4)) : 0;
    const double used = plot.pitch * static_cast<double>(channels.size());
    plot.box = {content.x + left + (content.w - left - used) / 2, content.y + top, used,
                std::max(1.0, content.h - top - bottom)};
    plot.scale = plot.box.h / (channels.high - channels.low);
    plot.zero = plot.box.y + channels.high * plot.scale;
    return plot;
}

void draw_scale(Sketch& sketch, const Channels& channels, const Plot& plot) {
    const double size = sketch.px(12), x = plot.box.x - sketch.px(8);
    sketch.line({plot.box.x, plot.zero}, {plot.box.right(), plot.zero}, sketch.theme().line);
    if (x < plot.room.x) return;
    const auto number = [&](double v) {
        sketch.text({x, plot.zero - v * plot.scale}, number_text(v), size, sketch.theme().secondary, HAlign::right,
                    VAlign::middle);
    };
    number(channels.high);
    if (channels.low < 0) number(channels.low);
    if (channels.high * plot.scale > 1.3 * size && (channels.low == 0 || -channels.low * plot.scale > 1.3 * size)) number(0);
}

std::string subtitle_of(const Channels& channels) {
    const Index n = channels.size();
    const std::string counted = channels.axis()->kind == AxisKind::channel ? tr_count(n, "{} channel", "{} channels")
                                                                           : tr_count(n, "{} value", "{} values");
    std::string text = channels.gate.row.where;
    text += (text.empty() ? "" : " · ") + counted;
    return channels.sorted ? tr("{}, the largest first", text) : text;
}

class ChannelBarsView : public View {
 public:
    std::string id() const override { return "channel-bars"; }
    std::string title() const override { return "Channels"; }
    std::string explains() const override {
        return "One bar a channel: its gate, by which all of its feature map is multiplied. 1 lets it through, 0 closes it.";
    }
    OptionNames options() const override { return {"sort"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        const auto& axes = tensor.info.axes;
        return !axes.empty() && (tensor.info.role == Role::gate || axes.back()->kind == AxisKind::channel) &&
               !is_picture(tensor);
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Channels channels = channels_of(trace, tensor, state);
        Sketch sketch(state, measure);
        const Box content =
            sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle_of(channels));
        const Plot plot = arrange(sketch, channels, content);
        draw_scale(sketch, channels, plot);
        plot.pitch < 1 ? draw_dense(sketch, channels, plot) : draw_bars(sketch, channels, plot);
        if (content.h >= sketch.px(70)) {
            draw_numbers(sketch, channels, plot);
            draw_values(sketch, channels, plot);
        }
        HitRegion region;
        region.box = plot.box;
        region.ref = cell_of(channels.gate.row, -1, -1);
        region.cols = channels.size();
        region.col_axis = channels.gate.row.col_axis;
        region.col_map = channels.order;
        region.editable = tensor.info.role == Role::gate;
        region.px_per_unit = plot.scale;
        sketch.region(region);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Slice row = channels_of(trace, tensor, state).gate.row;
        return {{tensor.info.name, {row.col()}, row.values.reshape(Shape{row.values.size()})}};
    }
};

}  // namespace

const View& channel_bars_view() {
    static const ChannelBarsView view;
    return view;
}

}  // namespace saccade
