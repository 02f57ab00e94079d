#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/translate.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double widest_shown = 150;
constexpr double least_shown = 12, readable_map = 22;  // pixels of a map: with less, only as many are drawn as can be made out
constexpr Index most_cells_hit = 400, most_frames = 600;  // channels that are framed, or hit cell by cell

struct Gallery {
    MapStack stack;
    ChannelGate gate;
    std::vector<Index> order;  // which channel stands at each place
    bool sorted = false;
    Index left_out = 0;  // maps for which there is no room

    Index size() const { return static_cast<Index>(order.size()); }
};

Gallery gallery_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    Gallery gallery;
    gallery.stack = map_stack(tensor, state);
    gallery.gate = gate_of(trace, gallery.stack.entries, state);
    gallery.sorted = gallery.gate.tensor != nullptr && state.options.sort == ViewOptions::Sort::gate;
    if (gallery.sorted) {
        gallery.order = largest_first(gallery.gate.computed);
    } else {
        gallery.order.resize(static_cast<std::size_t>(gallery.stack.entries->extent));
        std::iota(gallery.order.begin(), gallery.order.end(), Index{0});
    }
    return gallery;
}

/// Where the pictures stand.
struct Raster {
    Box box;
    Index rows = 1, cols = 1;
    double gap = 0;
};

/// The number of columns that makes the pictures largest, and in the end as few rows as that allows.
Raster raster_of(const Sketch& sketch, Index n, double shape, const Box& room) {
    Raster best;
    double best_h = 0;
    for (Index cols = 1; cols <= n; ++cols) {
        const Index rows = (n + cols - 1) / cols;
        const double pitch = std::min(room.w / static_cast<double>(cols), room.h / static_cast<double>(rows) * shape);
        const double gap = pitch >= sketch.px(40) ? sketch.px(6) : pitch >= sketch.px(20) ? sketch.px(3) : pitch >= 8 ? 1 : 0;
        const double w = std::min((room.w + gap) / static_cast<double>(cols) - gap, sketch.px(widest_shown));
        double h = std::min((room.h + gap) / static_cast<double>(rows) - gap, w / shape);
        if (h > 8) h = std::floor(h);
        if (h <= best_h) continue;
        best_h = h;
        double wide = h * shape;
        if (wide > 8) wide = std::floor(wide);
        best = {{0, 0, (wide + gap) * static_cast<double>(cols) - gap, (h + gap) * static_cast<double>(rows) - gap},
                rows,
                cols,
                gap};
    }
    best.box.x = std::round(room.x + (room.w - best.box.w) / 2);
    best.box.y = std::round(room.y + (room.h - best.box.h) / 2);
    return best;
}

HeatmapGridItem item_of(const Sketch& sketch, const Gallery& gallery, const MapLook& look, const Raster& raster) {
    HeatmapGridItem item;
    item.values = gallery.stack.maps;
    item.map_rows = raster.rows;
    item.map_cols = raster.cols;
    item.order = gallery.order;
    item.order.resize(static_cast<std::size_t>(raster.rows * raster.cols), -1);
    item.box = raster.box;
    item.gap = raster.gap;
    item.map = look.map;
    item.normalization = look.normalization;
    item.largest = false;
    item.hatch = with_alpha(sketch.theme().faint, 0.5);
    item.masked_ground = sketch.theme().raised;
    return item;
}

Color number_color(const Sketch& sketch, const AxisPtr& axis, Index i) {
    return sketch.focus_color(axis, i, sketch.theme().secondary);
}

/// The channel's number in the corner of its picture, and how far its gate is open along the lower edge.
void draw_marks(Sketch& sketch, const Gallery& gallery, Index channel, const Box& box, double gap) {
    const Theme& theme = sketch.theme();
    const AxisPtr& axis = gallery.stack.entries;
    const double size = std::min(sketch.px(11), box.h * 0.28);
    const std::string number = drawn_label(*axis, channel);
    const double w = sketch.text_width(number, size) + sketch.px(5), h = size * 1.25;
    const bool focused = sketch.selected(axis, channel) || sketch.hovered(axis, channel);
    if (w + 2 <= box.w && (size >= sketch.px(8) || (focused && size >= sketch.px(6)))) {
        sketch.rect({box.x + 1, box.y + 1, w, h}, with_alpha(theme.panel, 0.82), 2);
        sketch.text({box.x + 1 + w / 2, box.y + 1 + h / 2}, number, size, number_color(sketch, axis, channel), HAlign::center,
                    VAlign::middle);
    }
    if (gallery.gate.tensor == nullptr || gap < 3 || !is_unit_interval(gallery.gate.tensor->info.role)) return;
    const double open = static_cast<double>(gallery.gate.row.values.data()[channel]);
    if (!std::isfinite(open)) return;
    const double thick = std::min(gap - 1, sketch.px(3));
    sketch.rect({box.x, box.bottom() + 0.5, box.w * std::clamp(open, 0.0, 1.0), thick}, sketch.bar_color(axis, channel, open));
}

void draw_frame(Sketch& sketch, const AxisPtr& axis, Index channel, const Box& box, double gap) {
    const double grow = std::min(2.0, gap / 2);
    const Box around{box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow};
    if (sketch.selected(axis, channel))
        gap < 4 ? sketch.ring(box, sketch.theme().selection, std::min(sketch.px(2), box.w / 2))
                : sketch.outline(around, sketch.theme().selection, std::min(sketch.px(2), box.w / 2), grow);
    else if (sketch.hovered(axis, channel))
        sketch.outline(around, sketch.hover_color(), std::min(sketch.px(1.5), box.w / 2), grow);
}

/// Each cell of each map where they can be hit, else each map.
void add_regions(Sketch& sketch, const Gallery& gallery, const HeatmapGridItem& item) {
    const MapStack& stack = gallery.stack;
    const bool cells = gallery.size() <= most_cells_hit && grid_place(item, 0, 0).w >= 2 * static_cast<double>(stack.x->extent);
    for (Index r = 0; r < item.map_rows; ++r) {
        const Index first = r * item.map_cols, count = std::min(item.map_cols, gallery.size() - first);
        for (Index c = 0; cells && c < count; ++c)
            sketch.region(map_region(stack.entry(gallery.order[static_cast<std::size_t>(first + c)]), *stack.tensor,
                                     grid_place(item, r, c)));
        if (cells || count < 1) continue;
        HitRegion region;
        region.box = grid_place(item, r, 0);
        region.box.w = (item.box.w + item.gap) / static_cast<double>(item.map_cols) * static_cast<double>(count);
        region.ref = stack.whole;
        region.cols = count;
        region.col_axis = stack.entry_axis;
        region.col_map.assign(gallery.order.begin() + first, gallery.order.begin() + first + count);
        sketch.region(std::move(region));
    }
}

/// Thousands of maps in a small card would be a pattern of dots: those with the largest gates stay, or the first, and the one
/// that is selected.
void keep_what_fits(const Sketch& sketch, Gallery& gallery, const Box& room) {
    const auto maps_of = [&](double side) {
        return std::max<Index>(1, static_cast<Index>(room.w / sketch.px(side)) * static_cast<Index>(room.h / sketch.px(side)));
    };
    if (gallery.size() <= maps_of(least_shown)) return;
    const auto most = static_cast<std::size_t>(maps_of(readable_map));
    for (std::size_t place = most; place < gallery.order.size(); ++place)
        if (sketch.selected(gallery.stack.entries, gallery.order[place])) gallery.order[most - 1] = gallery.order[place];
    gallery.left_out = gallery.size() - static_cast<Index>(most);
    gallery.order.resize(most);
}

std::string subtitle_of(const Gallery& gallery) {
    const MapStack& stack = gallery.stack;
    const std::string where = stack.where + (stack.where.empty() ? "" : " · "),
                      size = fmt::format("{} × {}", stack.y->extent, stack.x->extent);
    const Index all = gallery.size() + gallery.left_out;
    if (gallery.left_out > 0)
        return where +
               tr("{} {} of {}, {}", gallery.sorted ? tr("the largest gates:") : tr("the first"), gallery.size(), all, size);
    return where + tr("{} of {}{}", all, size, gallery.sorted ? tr(", the largest gate first") : "");
}

/// Where maps stand, and their colour bar below.
struct Rooms {
    Box maps;
    bool bar = false;
};

Rooms rooms_of(const Sketch& sketch, const MapLook& look, const ViewState& state, const Box& content) {
    // A figure keeps its scale, and so does what is signed or outside its limits.
    const bool needed = state.decorations || look.normalization.low < 0 || look.over.a > 0;
    Rooms rooms{content, sketch.barred() && content.h >= sketch.px(needed ? 90 : 200) && content.w >= sketch.px(120)};
    if (rooms.bar) rooms.maps.h -= sketch.px(42);
    return rooms;
}

class MapGalleryView : public View {
 public:
    std::string id() const override { return "map-gallery"; }
    std::string title() const override { return "Maps"; }
    std::string explains() const override { return "The maps of single channels: where in the picture each of them responds."; }
    OptionNames options() const override { return {"sort", "percentile"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return is_map_stack(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        Gallery gallery = gallery_of(trace, tensor, state);
        const MapLook look = map_look(tensor, gallery.stack.maps, false, state);
        const std::string title = tensor.info.title.empty() ? tensor.info.name : tensor.info.title;
        const auto begun = [&](Sketch& sketch) {
            Box content = sketch.begin(title, subtitle_of(gallery));
            sketch.caption(asked_scale(state).label(), content);
            return content;
        };
        Sketch aside(state, measure);  // what fits is said above it
        keep_what_fits(aside, gallery, rooms_of(aside, look, state, begun(aside)).maps);
        Sketch sketch(state, measure);
        const Box content = begun(sketch);
        const auto [room, bar] = rooms_of(sketch, look, state, content);
        const Raster raster = raster_of(sketch, gallery.size(), shape_of(nullptr, tensor), room);
        const HeatmapGridItem item = item_of(sketch, gallery, look, raster);
        sketch.add(item);
        for (Index place = 0; place < gallery.size(); ++place) {
            const Index channel = gallery.order[static_cast<std::size_t>(place)];
            const Box box = grid_place(item, place / item.map_cols, place % item.map_cols);
            if (gallery.size() <= most_frames) draw_marks(sketch, gallery, channel, box, item.gap);
            draw_frame(sketch, gallery.stack.entries, channel, box, item.gap);
            draw_cell_focus_in(sketch, gallery.stack, channel, box);
        }
        if (bar) {
            const double w = std::min(sketch.px(200), std::max(item.box.w, sketch.px(120)));
            draw_color_bar(sketch,
                           {std::min(item.box.x, content.right() - w), item.box.bottom() + sketch.px(12), w, sketch.px(10)},
                           content.right(), look, measured_in(tensor.info));
        }
        add_regions(sketch, gallery, item);
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const MapStack stack = map_stack(tensor, state);
        return {{tensor.info.name, {stack.entries, stack.y, stack.x}, stack.maps}};
    }

 private:
    /// In the picture of the channel in focus alone: a cell in each would be noise.
    static void draw_cell_focus_in(Sketch& sketch, const MapStack& stack, Index channel, const Box& box) {
        if (box.w < sketch.px(32)) return;
        if (sketch.selected(stack.entries, channel) || sketch.hovered(stack.entries, channel))
            draw_cell_focus(sketch, stack.y, stack.x, box, false);
    }
};

}  // namespace

const View& map_gallery_view() {
    static const MapGalleryView view;
    return view;
}

}  // namespace saccade
