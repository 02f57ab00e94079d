#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "viz/kept_positions.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// The frames of a clip that the run was given: an input [frame, y, x, color] along this axis; null if there is none.
const TraceTensor* frames_along(const Trace& trace, const Axis& axis) {
    for (const TraceTensor* tensor : trace.with_role(Role::input)) {
        const auto& axes = tensor->info.axes;
        if (axes.size() == 4 && axes[0]->name == axis.name && axes[1]->kind == AxisKind::y && axes[2]->kind == AxisKind::x &&
            (axes[3]->extent == 1 || axes[3]->extent == 3) && !tensor->values.empty())
            return tensor;
    }
    return nullptr;
}

/// Which axis of a tensor of weights or maps are the frames; null if none is.
const Axis* frame_axis_of(const TraceTensor& tensor) {
    const auto& axes = tensor.info.axes;
    if (is_map(tensor)) return axes.size() >= 3 ? axes[axes.size() - 3].get() : nullptr;
    return tensor.info.role == Role::weights && axes.size() >= 2 ? axes.back().get() : nullptr;
}

/// What one word gives to each frame.
struct Film {
    const TraceTensor* frames = nullptr;
    const TraceTensor* tensor = nullptr;
    AxisPtr axis;
    Tensor<float> weights;  // [frames]
    Tensor<float> maps;     // [frames, y, x]; empty: one weight a frame
    MapStack stack;         // of maps
    Slice row;              // of weights
    std::string where;
    std::vector<bool> gold;  // frames of the word's event; empty: none known
    Tensor<float> regions;   // [frames, y, x], within them; empty: none
    std::string said;        // of what is marked
    MapLook look;
    Index chosen = 0;
    std::vector<Index> shown;  // frames of the strip
    PartAxis part;             // of all of them

    Index size() const { return axis->extent; }
    double weight(Index i) const { return static_cast<double>(weights.data()[i]); }
    CellRef ref(Index i) const { return maps.empty() ? cell_of(row, -1, i) : stack.entry(i); }
};

void take_gold(const Trace& trace, const ViewState& state, Film& film) {
    const TraceTensor* regions = regions_of(trace, *film.tensor, state);
    if (regions == nullptr) return;
    Tensor<float> marked;
    if (film.maps.empty()) {
        marked = row_of(*regions, state).values;
    } else {
        marked = film.regions = map_stack(*regions, state).maps;
    }
    const Index each = marked.size() / film.size();
    std::vector<bool> gold(static_cast<std::size_t>(film.size()), false);
    for (Index i = 0; i < marked.size(); ++i)
        if (marked.data()[i] > 0) gold[static_cast<std::size_t>(i / each)] = true;
    if (std::ranges::none_of(gold, [](bool g) { return g; })) {
        film.regions = {};
        return;
    }
    film.gold = std::move(gold);
    std::string what = regions->info.title.empty() ? regions->info.name : regions->info.title;
    if (what[0] >= 'A' && what[0] <= 'Z') what[0] = static_cast<char>(what[0] - 'A' + 'a');
    film.said = "marked: " + what;
}

Film film_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    Film film;
    film.tensor = &tensor;
    film.frames = frames_along(trace, *frame_axis_of(tensor));
    if (is_map(tensor)) {
        film.stack = map_stack(tensor, state);
        film.axis = film.stack.entries;
        film.maps = film.stack.maps;
        film.where = film.stack.where;
        film.look = map_look(tensor, film.maps, true, state, true);
        film.weights = Tensor<float>(Shape{film.axis->extent});
        const Index cells = film.maps.size() / std::max<Index>(1, film.axis->extent);
        for (Index i = 0; i < film.maps.size(); ++i)
            if (const float v = film.maps.data()[i]; std::isfinite(v)) film.weights.data()[i / cells] += v;
    } else {
        film.row = row_of(tensor, state);
        film.axis = film.row.col();
        film.where = film.row.where;
        film.weights = film.row.values.reshape(Shape{film.row.values.size()});
    }
    take_gold(trace, state, film);
    const std::vector<Index> kept = asked_positions(state, *film.axis, {});
    film.part = part_axis(film.axis, film.size(), {}, kept, PartAxis::Runs::through);
    film.shown = kept;
    for (Index i = 0; kept.empty() && i < film.size(); ++i) film.shown.push_back(i);
    const auto all = film.weights.values();
    film.chosen = position_on(state, film.axis).value_or(std::ranges::max_element(all) - all.begin());
    return film;
}

/// Where the frames stand: the chosen one large, and all of them in order, as large as they can be.
struct Places {
    Box large;  // no width: no room
    Box first;
    Index cols = 1;
    double pitch_x = 0, pitch_y = 0;
    double bar = 0, label = 0;  // px: height of the bars, and of the numbers

    Box frame(Index i) const {
        return {first.x + static_cast<double>(i % cols) * pitch_x, first.y + static_cast<double>(i / cols) * pitch_y, first.w,
                first.h};
    }
};

Places arrange(const Sketch& sketch, const Film& film, Box room) {
    const auto& s = film.frames->values.shape();
    const double shape = static_cast<double>(s[2]) / static_cast<double>(s[1]);
    Places places;
    const bool large = room.w >= sketch.px(420) && room.h >= sketch.px(110);
    if (large) {
        Box side = room;
        side.w = std::min(room.w * 0.34, room.h * shape);
        places.large = fit_box(side, shape);
        places.large.x = room.x;
        const double taken = places.large.w + sketch.px(20);
        room.x += taken;
        room.w -= taken;
    }
    places.label = room.h >= sketch.px(90) ? sketch.px(12) : 0;
    const auto frames = static_cast<Index>(film.shown.size());
    const double n = static_cast<double>(frames);
    for (Index cols = 1; cols <= frames; ++cols) {
        Places p = places;
        p.cols = cols;
        const double c = static_cast<double>(cols), r = std::ceil(n / c);
        const double gap_x = std::min(sketch.px(8), room.w / c * 0.12), gap_y = std::min(sketch.px(12), room.h / r * 0.1);
        const double per_row = (room.h + gap_y) / r - gap_y;
        p.bar = std::min(sketch.px(34), per_row * 0.28);
        const double below = p.bar + (p.label > 0 ? p.label * 1.4 : 0) + sketch.px(4);
        const double h = per_row - below, w = std::min((room.w + gap_x) / c - gap_x, h * shape);
        if (w <= p.first.w && cols > 1) continue;
        if (w <= places.first.w) continue;
        p.first = {0, 0, std::max(1.0, std::floor(w)), std::max(1.0, std::floor(w / shape))};
        p.pitch_x = p.first.w + gap_x;
        p.pitch_y = p.first.h + below + gap_y;
        p.first.x = std::round(room.x + (room.w - (p.pitch_x * c - gap_x)) / 2);
        p.first.y = std::round(room.y + std::max(0.0, (room.h - (p.pitch_y * r - gap_y)) / 2));
        places = p;
    }
    return places;
}

/// A frame with what lies on it; little weight recedes.
void draw_frame(Sketch& sketch, const Film& film, Index i, const Box& box, bool large) {
    sketch.add(ImageItem{box, film.frames->values.row(i), 1});
    const bool off = sketch.state().options.overlay == ViewOptions::Overlay::off;
    if (!film.maps.empty() && !off) sketch.add(map_item(sketch, film.look, film.maps.row(i), box, true));
    if (!film.regions.empty() && !off && box.w >= sketch.px(40) && film.gold[static_cast<std::size_t>(i)])
        draw_region(sketch, film.regions.row(i), box);
    if (!film.maps.empty() && (large || i == film.chosen)) draw_cell_focus(sketch, film.stack.y, film.stack.x, box, true);
}

void draw_weight(Sketch& sketch, const Film& film, Index i, const Box& frame, const Places& places) {
    const Theme& theme = sketch.theme();
    const double w = film.weight(i), size = places.label;
    const Box room{frame.x, frame.bottom() + sketch.px(3), frame.w, places.bar};
    if (std::isfinite(w)) {
        const double h = std::max(1.0, std::clamp(w, 0.0, 1.0) * room.h);
        sketch.rect({room.x, room.bottom() - h, room.w, h}, sketch.bar_color(film.axis, i, w), sketch.px(1.5));
    } else {
        sketch.hatch(room);
    }
    const bool gold = !film.gold.empty() && film.gold[static_cast<std::size_t>(i)];
    sketch.line({room.x, room.bottom()}, {room.right(), room.bottom()}, gold ? theme.text : theme.line,
                sketch.px(gold ? 2 : 1));
    if (size <= 0) return;
    const double y = room.bottom() + size * 0.8;
    const std::string number = drawn_label(*film.axis, i), value = fmt::format("{:.2f}", w);
    const double both = sketch.text_width(number, size) + sketch.text_width(value, size, Font::mono) + sketch.px(8);
    const Color color = sketch.focus_color(film.axis, i, theme.secondary);
    if (both > frame.w) {
        sketch.text({frame.x + frame.w / 2, y}, cut_to_fit(number, frame.w, size, Font::ui, sketch.measure()), size, color,
                    HAlign::center, VAlign::middle);
        return;
    }
    sketch.text({frame.x, y}, number, size, color, HAlign::left, VAlign::middle);
    sketch.text({frame.right(), y}, value, size, i == film.chosen ? theme.text : theme.secondary, HAlign::right, VAlign::middle,
                Font::mono);
}

HitRegion frame_region(const Film& film, Index i, const Box& box) {
    if (!film.maps.empty()) return map_region(film.ref(i), *film.tensor, box);
    HitRegion region;
    region.box = box;
    region.ref = film.ref(i);
    return region;
}

void draw_strip(Sketch& sketch, const Film& film, const Places& places) {
    for (std::size_t at = 0; at < film.shown.size(); ++at) {
        const Index i = film.shown[at];
        const Box box = places.frame(static_cast<Index>(at));
        draw_frame(sketch, film, i, box, false);
        const double grow = sketch.px(2);
        const Box around{box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow};
        if (sketch.selected(film.axis, i))
            sketch.outline(around, sketch.theme().selection, sketch.px(2), 2);
        else if (sketch.hovered(film.axis, i))
            sketch.outline(around, sketch.hover_color(), sketch.px(1.5), 2);
        draw_weight(sketch, film, i, box, places);
        sketch.region(frame_region(film, i, box));
        // The bar under it can be dragged.
        HitRegion bar;
        bar.box = {box.x, box.bottom() + sketch.px(3), box.w, std::max(1.0, places.bar)};
        bar.ref = film.ref(i);
        bar.editable = film.maps.empty() && film.tensor->info.role == Role::weights && !film.row.derived;
        bar.px_per_unit = bar.editable ? places.bar : 0;
        sketch.region(bar);
    }
}

std::string subtitle_of(const Film& film) {
    const std::string focus = film.axis->label(film.chosen),
                      frames = film.part.is_cut()
                                   ? fmt::format("{} frames, {}, frame {} in focus", film.size(), part_text(film.part), focus)
                                   : fmt::format("{} frames, frame {} in focus", film.size(), focus);
    return film.where.empty() ? frames : film.where + " · " + frames;
}

class FilmStripView : public View {
 public:
    std::string id() const override { return "film-strip"; }
    std::string title() const override { return "Film strip"; }
    std::string explains() const override {
        return "The frames of the clip in order, and under each how much of the word's weight it gets; the chosen frame, or "
               "the one "
               "that gets the most, is large.";
    }
    OptionNames options() const override { return {"overlay", "opacity", "smooth", "map_threshold", "percentile"}; }
    bool accepts(const Trace& trace, const TraceTensor& tensor) const override {
        const Axis* axis = frame_axis_of(tensor);
        return axis != nullptr && frames_along(trace, *axis) != nullptr;
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        if (tensor.values.empty())
            throw Error(ErrorCode::invalid_input, tensor.info.name + " " + tensor.values.shape().str() + " has nothing to show",
                        "let something be written");
        const Film film = film_of(trace, tensor, state);
        Sketch sketch(state, measure);
        Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle_of(film));
        std::string caption = film.maps.empty() ? "" : map_caption(state, true);
        if (!film.said.empty()) caption += (caption.empty() ? "" : " · ") + film.said;
        sketch.caption(caption, content);
        const Places places = arrange(sketch, film, content);
        if (places.large.w > 0) {
            draw_frame(sketch, film, film.chosen, places.large, true);
            sketch.region(frame_region(film, film.chosen, places.large));
        }
        draw_strip(sketch, film, places);
        const Index lines = (static_cast<Index>(film.shown.size()) + places.cols - 1) / places.cols;
        const Box all{places.first.x, places.first.y, places.pitch_x * static_cast<double>(places.cols),
                      places.pitch_y * static_cast<double>(lines)};
        if (auto place = part_place(all, {film.part}, tensor)) {
            place->tiles_x = places.cols;
            place->tiles_y = lines;
            sketch.place_part(std::move(*place));
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Film film = film_of(trace, tensor, state);
        std::vector<ShownValues> all = {{tensor.info.name, {film.axis}, film.weights}};
        if (!film.maps.empty()) all.front() = {tensor.info.name, {film.axis, film.stack.y, film.stack.x}, film.maps};
        return all;
    }
};

}  // namespace

const View& film_strip_view() {
    static const FilmStripView view;
    return view;
}

}  // namespace saccade
