#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "viz/contours.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

using Mode = ViewOptions::Overlay;
constexpr double bar_width = 200, bar_height = 10;

/// What is drawn: the map of the positions where the state stands, and the picture under it.
struct Layers {
    const TraceTensor* picture = nullptr;
    const TraceTensor* regions = nullptr;
    Tensor<float> region;  // of this map
    Slice map;
    MapLook look;
    Mode mode = Mode::map;
    bool over = false;  // does the map lie on the picture?
};

/// The map that has most in it, of either sign.
Index strongest(const Tensor<float>& maps) {
    Index best = 0;
    double most = -1;
    for (Index i = 0; i < maps.shape()[0]; ++i) {
        double sum = 0;
        const Tensor<float> map = maps.row(i);
        for (const float v : map.values()) sum += std::isfinite(v) ? static_cast<double>(std::abs(v)) : 0;
        if (sum > most) best = i;
        most = std::max(most, sum);
    }
    return best;
}

/// Of channels, while none is selected, the one whose gate is the most open; without a gate the strongest.
ViewState standing(const Trace& trace, const TraceTensor& tensor, ViewState state) {
    if (!is_map_stack(tensor)) return state;
    const AxisPtr& entries = tensor.info.axes[tensor.info.axes.size() - 3];
    if (entries->kind != AxisKind::channel || entries->extent == 0 || position_on(state, entries)) return state;
    const ChannelGate gate = gate_of(trace, entries, state);
    const auto choose = [&] {
        return gate.tensor != nullptr ? largest_first(gate.computed).front() : strongest(map_stack(tensor, state).maps);
    };
    state.selected.marks[entries->name] = *remembered<Index>(state.memo, tensor.values, "channel to begin with", choose);
    return state;
}

Layers layers_of(const Trace& trace, const TraceTensor& tensor, const ViewState& given) {
    const ViewState state = standing(trace, tensor, given);
    Layers layers;
    layers.picture = picture_of(trace);
    layers.regions = regions_of(trace, tensor, state);
    if (layers.regions != nullptr) layers.region = plane_of(*layers.regions, state).values;
    layers.map = plane_of(tensor, state);
    layers.mode = layers.picture != nullptr ? state.options.overlay : Mode::map;
    layers.over = layers.picture != nullptr && (layers.mode == Mode::map || layers.mode == Mode::contours);
    layers.look = map_look(tensor, layers.map.values, layers.picture != nullptr, state, is_map_stack(tensor));
    return layers;
}

/// Where picture and map stand: in one place, or beside each other, or above each other where that makes them larger.
struct Places {
    Box picture, map;
};

Places places_of(const Sketch& sketch, const Layers& layers, const Box& room) {
    const double shape = shape_of(layers.picture, *layers.map.tensor);
    if (layers.mode != Mode::side_by_side) {
        const Box box = fit_box(room, shape);
        return {box, box};
    }
    const double gap = std::min({sketch.px(14), room.w * 0.1, room.h * 0.1});
    Box left = room, top = room;
    left.w = std::max(1.0, (room.w - gap) / 2);
    top.h = std::max(1.0, (room.h - gap) / 2);
    const Box beside = fit_box(left, shape), above = fit_box(top, shape);
    if (beside.w >= above.w) {
        const double x = std::round(room.x + (room.w - 2 * beside.w - gap) / 2);
        return {{x, beside.y, beside.w, beside.h}, {x + beside.w + gap, beside.y, beside.w, beside.h}};
    }
    const double y = std::round(room.y + (room.h - 2 * above.h - gap) / 2);
    return {{above.x, y, above.w, above.h}, {above.x, y + above.h + gap, above.w, above.h}};
}

/// Fifths of the colour scale, those that the threshold leaves.
std::vector<double> levels_of(const Layers& layers, double threshold) {
    std::vector<double> levels;
    const Normalization& n = layers.look.normalization;
    for (int k = 1; k < 5; ++k) {
        const double value = n.low + (n.high - n.low) * k / 5;
        const double t = n(value), share = layers.look.map->diverging ? std::abs(2 * t - 1) : t;
        if (share >= threshold) levels.push_back(value);
    }
    return levels;
}

void draw_contours(Sketch& sketch, const Layers& layers, const Box& box) {
    const Tensor<float>& values = layers.map.values;
    const double w = box.w / static_cast<double>(values.shape()[1]), h = box.h / static_cast<double>(values.shape()[0]);
    for (const double level : levels_of(layers, sketch.state().options.map_threshold)) {
        const auto lines = remembered<std::vector<Polyline>>(sketch.state().memo, values, fmt::format("contours {}", level),
                                                             [&] { return contour_lines(values, level); });
        const Color color = layers.look.map->at(layers.look.normalization(level));
        // A line must stand out from a picture of any colour: light ones in shadow, dark ones in light.
        const Color other = contrast(color, {255, 255, 255, 255}) > contrast(color, {0, 0, 0, 255}) ? Color{255, 255, 255, 130}
                                                                                                    : Color{0, 0, 0, 130};
        for (const bool casing : {true, false})
            for (const Polyline& line : *lines) {
                LineItem item{line, casing ? other : color, sketch.px(casing ? 3.5 : 2)};
                for (Point& p : item.points) p = {box.x + p.x * w, box.y + p.y * h};
                sketch.add(std::move(item));
            }
    }
}

void draw_map(Sketch& sketch, const Layers& layers, const Box& box) {
    if (layers.mode == Mode::off || layers.map.values.empty()) return;
    if (layers.mode == Mode::contours) return draw_contours(sketch, layers, box);
    sketch.add(map_item(sketch, layers.look, layers.map.values, box, layers.over));
}

std::string subtitle_of(const Layers& layers) {
    const Tensor<float>& values = layers.map.values;
    std::string text = layers.map.where;
    text += (text.empty() ? "" : " · ") + tr("{} × {} cells", values.shape()[0], values.shape()[1]);
    return text;
}

std::string caption_of(const Layers& layers, const ViewState& state) {
    std::string text;
    const auto say = [&text](const std::string& part) { text += (text.empty() || part.empty() ? "" : " · ") + part; };
    if (layers.mode == Mode::contours) {
        std::string levels;
        for (const double level : levels_of(layers, state.options.map_threshold))
            levels += (levels.empty() ? "contours at " : ", ") + number_text(level);
        say(levels);
    }
    say(map_caption(state, layers.over));
    if (layers.mode != Mode::off) say(region_caption(layers.regions, layers.region));
    return text;
}

/// As wide as the map, but for the room that its label needs.
void draw_bar(Sketch& sketch, const Layers& layers, Box bar, double right) {
    const std::string label = measured_in(layers.map.tensor->info);
    const double wanted = label.empty() ? 0 : sketch.text_width(label, sketch.px(12)) + sketch.px(12);
    const double room = right - bar.x, least = std::min(sketch.px(100), room);
    bar.w = std::clamp(std::min(std::max(bar.w, least), room - wanted), least, std::max(least, sketch.px(bar_width)));
    bar.h = sketch.px(bar_height);
    draw_color_bar(sketch, bar, right, layers.look, label);
}

/// A picture by itself.
Figure picture_figure(const TraceTensor& tensor, const ViewState& state, const TextMeasure& measure) {
    if (tensor.values.empty())
        throw Error(ErrorCode::invalid_input, tensor.info.name + " " + tensor.values.shape().str() + " has no pixels to show",
                    "choose another image");
    Sketch sketch(state, measure);
    const Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title,
                                     fmt::format("{} × {} px", tensor.values.shape()[1], tensor.values.shape()[0]));
    const Box box = fit_box(content, shape_of(&tensor, tensor));
    sketch.add(ImageItem{box, tensor.values, 1});
    HitRegion region;
    region.box = box;
    region.ref = {tensor.info.name, {-1, -1, -1}};
    region.rows = tensor.values.shape()[0];
    region.cols = tensor.values.shape()[1];
    region.row_axis = 0;
    region.col_axis = 1;
    sketch.region(region);
    sketch.place_image({box, {}});
    return sketch.take();
}

class OverlayView : public View {
 public:
    std::string id() const override { return "overlay"; }
    std::string title() const override { return "Overlay"; }
    std::string explains() const override {
        return "The map over the picture: coloured where it looks, the picture as it is where it does not.";
    }
    OptionNames options() const override { return {"overlay", "opacity", "smooth", "map_threshold", "percentile"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        return is_map(tensor) || (tensor.info.role == Role::input && is_picture(tensor));
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        if (!is_map(tensor)) return picture_figure(tensor, state, measure);
        const Layers layers = layers_of(trace, tensor, state);
        Sketch sketch(state, measure);
        Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle_of(layers));
        sketch.caption(caption_of(layers, state), content);
        // A figure keeps its scale, and so does what is signed or outside its limits.
        const MapLook& look = layers.look;
        const bool needed = state.decorations || look.normalization.low < 0 || look.over.a > 0;
        const bool bar = sketch.barred() && layers.mode != Mode::off && content.h >= sketch.px(needed ? 90 : 170) &&
                         content.w >= sketch.px(needed ? 120 : 180);
        Box room = content;
        if (bar) room.h -= sketch.px(12 + bar_height + 20);
        const Places at = places_of(sketch, layers, room);
        if (layers.picture != nullptr) sketch.add(ImageItem{at.picture, layers.picture->values, 1});
        draw_map(sketch, layers, at.map);
        if (layers.regions != nullptr && layers.mode != Mode::off) draw_region(sketch, layers.region, at.map);
        const AxisPtr y = layers.map.row(), x = layers.map.col();
        const CellRef whole = cell_of(layers.map, -1, -1);
        const bool apart = layers.mode == Mode::side_by_side;
        if (apart) draw_cell_focus(sketch, y, x, at.picture, true);
        draw_cell_focus(sketch, y, x, at.map, layers.picture != nullptr);
        if (bar) draw_bar(sketch, layers, {at.picture.x, at.map.bottom() + sketch.px(12), at.map.w, 0}, content.right());
        sketch.region(map_region(whole, tensor, at.map));
        if (apart) sketch.region(map_region(whole, tensor, at.picture));
        if (layers.picture != nullptr) sketch.place_image({at.picture, whole});
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        if (!is_map(tensor)) return {{tensor.info.name, tensor.info.axes, tensor.values}};
        const Slice map = plane_of(tensor, standing(trace, tensor, state));
        return {{tensor.info.name, {map.row(), map.col()}, map.values}};
    }
};

}  // namespace

const View& overlay_view() {
    static const OverlayView view;
    return view;
}

}  // namespace saccade
