#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/translate.hpp"
#include "viz/attention_plane.hpp"
#include "viz/head_grid.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/kept_positions.hpp"
#include "viz/layout.hpp"
#include "viz/map_picture.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

constexpr double least_map = 0.1, header = 20;

/// px: a few heads do not fill a card of any size, but a large one is not left empty.
double widest_map(const Sketch& sketch, const Box& content) {
    return std::clamp(std::min(content.w, content.h) * 0.45, sketch.px(132), sketch.px(320));
}

/// Limits of the whole tensor, so that heads can be compared.
Normalization limits_of(const HeadGrid& grid, const ViewState& state, bool is_signed) {
    if (state.scale == Normalization::Scale::per_row) {
        Normalization n;
        n.scale = state.scale;
        if (is_signed) n.low = -1;
        return n;
    }
    const bool unit = is_read_against_one(*grid.tensor);
    return remembered_limits(grid.maps, unit, is_signed, state);
}

Beyond beyond_of(const HeadGrid& grid, const ViewState& state) {
    if (!is_read_against_one(*grid.tensor) || state.scale == Normalization::Scale::percentile) return {};
    return *remembered<Beyond>(state.memo, grid.maps, "beyond",
                               [&] { return beyond(grid.maps, Normalization(), remembered_extremes(grid.maps, state.memo)); });
}

HeatmapGridItem item_of(const HeadGrid& grid, const Sketch& sketch, const HeatmapGridItem& kept, const Box& box, double gap) {
    const ViewState& state = sketch.state();
    const Theme& theme = sketch.theme();
    const bool unit = is_read_against_one(*grid.tensor);
    const bool is_signed = !unit && remembered_extremes(grid.maps, state.memo).low < 0;
    HeatmapGridItem item;
    if (!grid.small) item = kept;
    item.values = grid.maps;
    item.map_rows = grid.layers;
    item.map_cols = grid.heads;
    if (grid.sorted)
        for (Index l = 0; l < grid.layers; ++l)
            for (const Index drawn : grid.order[static_cast<std::size_t>(l)]) item.order.push_back(l * grid.heads + drawn);
    item.box = box;
    item.gap = gap;
    item.map = &colormap(state.colormap.empty() ? default_colormap(is_signed, theme) : state.colormap, theme);
    item.normalization = limits_of(grid, state, is_signed || item.map->diverging);
    item.largest = !is_signed;  // of signed values the largest would hide the others' sign
    item.hatch = with_alpha(theme.faint, 0.5);
    item.masked_ground = theme.raised;
    if (unit && beyond_of(grid, state).any()) {
        item.over = theme.over;
        item.under = theme.under;
    }
    return item;
}

/// What is not usual about the pictures.
std::string caption_of(const HeadGrid& grid, const ViewState& state) {
    std::string text;
    const auto say = [&text](const std::string& part) { text += (text.empty() ? "" : " · ") + part; };
    if (grid.sorted)
        say(state.options.order == ViewOptions::Order::similarity ? "similar heads side by side"
            : state.options.order == ViewOptions::Order::entropy  ? "heads of each layer by entropy, the sharpest first"
                                                                  : "heads of each layer by mean distance, the nearest first");
    const AskedScale n = asked_scale(state);
    if (!n.label().empty()) say(n.label());
    const auto& axes = grid.tensor->info.axes;
    if (grid.tensor->info.role == Role::weights) {
        if (state.options.sink == ViewOptions::Sink::first)
            say("without “" + drawn_label(*axes.back(), 0) + "”, rows renormalised");
        if (state.options.sink == ViewOptions::Sink::most) say("each without its most attended key, rows renormalised");
    }
    if (state.options.special == ViewOptions::Special::hide &&
        (!ordinary_or_all(*axes[static_cast<std::size_t>(grid.axes.query)]).empty() || !ordinary_or_all(*axes.back()).empty()))
        say("special tokens hidden");
    const std::string outside = beyond_text(beyond_of(grid, state));
    if (!outside.empty()) say(outside);
    return text;
}

class HeadGridView : public View {
 public:
    std::string id() const override { return "head-grid"; }
    std::string title() const override { return "Heads"; }
    std::string explains() const override {
        return "One small attention matrix for each head: a layer's heads side by side, layer below layer. A click selects the "
               "head.";
    }
    OptionNames options() const override { return {"sink", "special", "order", "heads", "percentile"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override {
        const auto axes = attention_axes(tensor);
        return axes && (axes->layer >= 0 || axes->head >= 0);
    }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const HeadGrid grid = head_grid_of(trace, tensor, state);
        Sketch sketch(state, measure);
        const std::string what = tensor.info.title.empty() ? tensor.info.name : tr_composed(tensor.info.title);
        const std::string heads = grid.some() ? tr("heads {} of {}", heads_text(grid.which), grid.all_heads())
                                              : tr_count(grid.heads, "{} head", "{} heads");
        HeatmapGridItem kept;
        const std::vector<PartAxis> parts = treat_heads(kept, tensor, grid.axes, state);
        std::string subtitle = what + " · " + tr_count(grid.layers, "{} layer", "{} layers") + " × " + heads;
        for (const PartAxis& part : parts)
            if (part.is_cut()) subtitle += " · " + axis_caption(*part.axis) + " " + part_text(part);
        Box content = sketch.begin(title(), subtitle);
        const std::vector<HeadByHand> hands = heads_by_hand(grid, state);
        std::string said = heads_by_hand_said(grid, hands);
        if (const std::string usual = caption_of(grid, state); !usual.empty()) said += (said.empty() ? "" : " · ") + usual;
        const bool needed = beyond_of(grid, state).any();
        Box bar = room_for_bar(sketch, content, needed);
        const Box place = arrange(sketch, grid, parts, content, said);
        const double gap = gap_of(sketch, grid, content);
        HeatmapGridItem item = item_of(grid, sketch, kept, place, gap);
        sketch.add(item);
        for (Index r = 0; r < grid.layers; ++r)
            for (Index c = 0; c < grid.heads; ++c) draw_frame(sketch, grid, item, r, c);
        draw_hands(sketch, grid, item, hands);
        draw_numbers(sketch, grid, item);
        if (names_axes(sketch)) draw_names(sketch, grid, item);
        if (bar.w > 0) draw_bar(sketch, grid, item, bar, content);
        for (Index r = 0; r < grid.layers; ++r) {
            HitRegion region;
            region.box = grid_place(item, r, 0);
            region.box.w = item.box.w;
            region.ref = {tensor.info.name, std::vector<Index>(tensor.info.axes.size(), -1)};
            if (grid.axes.layer >= 0) region.ref.index[static_cast<std::size_t>(grid.axes.layer)] = r;
            region.cols = grid.heads;
            region.col_axis = grid.axes.head;
            if (grid.sorted || grid.some())
                for (const Index drawn : grid.order[static_cast<std::size_t>(r)]) region.col_map.push_back(grid.head_of(drawn));
            sketch.region(region);
        }
        if (auto part = part_place(item.box, parts, tensor)) {
            part->tiles_x = grid.heads;
            part->tiles_y = grid.layers;
            sketch.place_part(std::move(*part));
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const HeadGrid grid = head_grid_of(trace, tensor, state, true);
        ShownValues values{tensor.info.name, tensor.info.axes, {}, {}};
        if (grid.some()) {
            Axis head = *grid.head();
            head.extent = grid.heads;
            head.labels.clear();
            for (const Index h : grid.which) head.labels.push_back(number_of(*grid.head(), h));
            values.axes[static_cast<std::size_t>(grid.axes.head)] = std::make_shared<const Axis>(std::move(head));
        }
        std::vector<Index> extents;
        for (const AxisPtr& axis : values.axes) extents.push_back(axis->extent);
        const Shape shape{std::span<const Index>(extents)};
        values.values = grid.computed.reshape(shape);
        if (grid.maps.data() == grid.computed.data()) return {seen_part(std::move(values), grid, state)};
        values.mask = Tensor<float>(shape);
        for (Index i = 0; i < grid.maps.size(); ++i)
            if (std::isnan(grid.maps.data()[i])) values.mask.data()[i] = -std::numeric_limits<float>::infinity();
        return {seen_part(std::move(values), grid, state)};
    }

 private:
    /// The positions that are asked for, of values [.., query, key].
    static ShownValues seen_part(ShownValues values, const HeadGrid& grid, const ViewState& state) {
        const std::size_t row = values.axes.size() - 2, col = row + 1;
        const std::vector<Index> rows = asked_positions(state, *values.axes[row], {}),
                                 cols = asked_positions(state, *values.axes[col], {});
        if (rows.empty() && cols.empty()) return values;
        const auto part = [&](const Tensor<float>& all) {
            if (all.empty()) return all;
            const Index maps = all.size() / (grid.rows * grid.cols);
            const Tensor<float> from = all.reshape(Shape{maps, grid.rows, grid.cols});
            std::vector<float> kept;
            Index n = 0;
            for (Index map = 0; map < maps; ++map) {
                const Tensor<float> one = kept_positions(from.row(map), rows, cols);
                kept.insert(kept.end(), one.values().begin(), one.values().end());
                n = one.size();
            }
            std::vector<Index> extents;
            for (const AxisPtr& axis : values.axes) extents.push_back(axis->extent);
            if (!rows.empty()) extents[row] = static_cast<Index>(rows.size());
            if (!cols.empty()) extents[col] = static_cast<Index>(cols.size());
            Tensor<float> result(Shape{std::span<const Index>(extents)});
            if (n > 0) std::ranges::copy(kept, result.data());
            return result;
        };
        values.values = part(values.values);
        values.mask = part(values.mask);
        if (!rows.empty()) values.axes[row] = part_of_axis(*values.axes[row], rows);
        if (!cols.empty()) values.axes[col] = part_of_axis(*values.axes[col], cols);
        return values;
    }

    /// Below the maps. On the stage, where each px is one less for them, all of it is in one line.
    static Box room_for_bar(Sketch& sketch, Box& content, bool needed) {
        if (!sketch.barred()) return {};
        if (content.h < sketch.px(needed ? 70 : 110) || content.w < sketch.px(160)) {
            sketch.leave_out(tr("colour scale"));
            return {};
        }
        if (!sketch.state().decorations) {
            content.h -= sketch.px(24);
            return {content.x, content.bottom() + sketch.px(12), std::min(sketch.px(140), content.w * 0.4), sketch.px(8)};
        }
        const double h = sketch.px(10), room = h + sketch.px(12) + sketch.px(4) + sketch.px(12) * 1.4;
        content.h -= room;
        return {content.x, content.bottom() + sketch.px(12), std::min(sketch.px(240), content.w * 0.6), h};
    }

    /// "0 ▬▬▬ 1 weight".
    static void draw_line_bar(Sketch& sketch, const HeatmapGridItem& item, const Box& bar, double right,
                              const std::string& unit) {
        const double size = sketch.px(12), y = bar.y + bar.h / 2, gap = sketch.px(6);
        double x = bar.x;
        const auto write = [&](const std::string& text) {
            if (x + sketch.text_width(text, size) > right) return;
            sketch.text({x, y}, text, size, sketch.theme().secondary, HAlign::left, VAlign::middle);
            x += sketch.text_width(text, size) + gap;
        };
        write(low_text(item.normalization));
        sketch.add(ColorBarItem{{x, bar.y, bar.w, bar.h}, item.map});
        x += bar.w + gap;
        write(high_text(item.normalization));
        write(unit);
    }

    static void draw_bar(Sketch& sketch, const HeadGrid& grid, const HeatmapGridItem& item, Box bar, const Box& content) {
        if (!sketch.state().decorations) {
            bar.x = std::max(item.box.x, content.x);
            return draw_line_bar(sketch, item, bar, content.right(), measured_in(grid.tensor->info));
        }
        const bool unit = is_read_against_one(*grid.tensor);
        const double word = sketch.text_width(measured_in(grid.tensor->info), sketch.px(12)) + sketch.px(13);
        bar.x = std::max(content.x, std::min(item.box.x, content.right() - bar.w - word));
        draw_color_bar(sketch, bar, content.right(),
                       {item.map, item.normalization, item.over, item.under,
                        unit ? largest_of(grid.maps, sketch.state().memo) : std::nullopt},
                       measured_in(grid.tensor->info));
    }

    static double gap_of(const Sketch& sketch, const HeadGrid& grid, const Box& content) {
        const double pitch =
            std::min(content.w / static_cast<double>(grid.heads), content.h / static_cast<double>(grid.layers));
        return pitch >= sketch.px(24) ? sketch.px(4) : pitch >= 8 ? 2 : pitch >= 4 ? 1 : 0;
    }

    /// Where all maps stand: as large as there is room, near the shape of their matrix.
    static Box arrange(Sketch& sketch, const HeadGrid& grid, const std::vector<PartAxis>& parts, Box& content,
                       std::string& said) {
        const Index rows = grid.rows, cols = grid.cols;
        const auto boxes = [&](const Box& room) {
            const double name = names_axes(sketch) ? sketch.px(13) * 1.4 : 0;
            const double left = grid.layers > 1 && room.w > sketch.px(100) ? sketch.px(header) + name : 0;
            const double top = grid.all_heads() > 1 && !grid.sorted && room.h > sketch.px(70) ? sketch.px(header) + name : 0;
            const double gap = gap_of(sketch, grid, room), n = static_cast<double>(grid.heads),
                         m = static_cast<double>(grid.layers);
            const double shape = std::clamp(static_cast<double>(rows) / static_cast<double>(cols), 0.7, 1.3);
            double w = std::min((room.w - left + gap) / n - gap, widest_map(sketch, room));
            double h = std::min((room.h - top + gap) / m - gap, w * shape);
            w = std::max(std::min(w, h / shape * 1.15), least_map);
            h = std::max(h, least_map);
            w = w > 8 ? std::floor(w) : w;
            h = h > 8 ? std::floor(h) : h;
            const Box box{0, 0, (w + gap) * n - gap, (h + gap) * m - gap};
            return Box{std::round(room.x + left + std::max(0.0, (room.w - left - box.w) / 2)),
                       std::round(room.y + top + std::max(0.0, (room.h - top - box.h) / 2)), box.w, box.h};
        };
        const Box tried = boxes(content);
        const double map_w = tried.w / static_cast<double>(grid.heads), map_h = tried.h / static_cast<double>(grid.layers);
        const Index seen_cols = parts[0].is_cut() ? parts[0].end - parts[0].begin : cols,
                    seen_rows = parts[1].is_cut() ? parts[1].end - parts[1].begin : rows;
        if (static_cast<double>(seen_cols) > map_w * 2 || static_cast<double>(seen_rows) > map_h * 2)
            said += fmt::format("{}{} × {} cells per head, {} of each pixel", said.empty() ? "" : " · ", seen_rows, seen_cols,
                                keeps_peaks(*grid.tensor) ? "the largest" : "the mean");
        sketch.caption(said, content);
        return boxes(content);
    }

    static void draw_frame(Sketch& sketch, const HeadGrid& grid, const HeatmapGridItem& item, Index r, Index c) {
        const Theme& theme = sketch.theme();
        const Box box = grid_place(item, r, c);
        const Index drawn = grid.order[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)], head = grid.head_of(drawn);
        if (grid.tensor->info.role == Role::weights && grid.is_zero(r, drawn)) {
            sketch.rect(box, theme.background);
            sketch.line({box.x, box.y}, {box.right(), box.bottom()}, theme.faint, 1);
        }
        const Focus& selected = sketch.selected_focus();
        const Focus& hovered = sketch.hovered_focus();
        const auto stands = [&](const Focus& focus) {
            const auto at = [&](const AxisPtr& axis, Index i) { return !axis || focus.on(axis) == i; };
            return !(focus.marks.empty()) && at(grid.layer(), r) && at(grid.head(), head);
        };
        const double grow = std::min(2.0, item.gap / 2);
        const Box around{box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow};
        // Square: the corners of a map are cells.
        const double wide = std::min(sketch.px(2), box.w / 2);
        if (stands(selected) || is_shown(sketch, grid, r, head))
            item.gap < 4 ? sketch.ring(box, theme.selection, wide) : sketch.outline(around, theme.selection, wide);
        else if (stands(hovered))
            sketch.outline(around, sketch.hover_color(), sketch.px(1.5));
        else if (item.gap > 1)
            sketch.outline({box.x - 1, box.y - 1, box.w + 2, box.h + 2}, theme.line, 1);
    }

    /// A mark on each head that a hand changed as a whole, in the corner that its number leaves free.
    static void draw_hands(Sketch& sketch, const HeadGrid& grid, const HeatmapGridItem& item,
                           const std::vector<HeadByHand>& hands) {
        for (const HeadByHand& one : hands) {
            const auto& order = grid.order[static_cast<std::size_t>(one.layer)];
            const auto at =
                std::ranges::find_if(order, [&](Index drawn) { return grid.head_of(drawn) == one.head; }) - order.begin();
            const Box box = grid_place(item, one.layer, at);
            const double in = std::min({sketch.px(7), box.w / 2, box.h / 2});
            sketch.hand_dot({box.right() - in, box.y + in}, sketch.theme().background);
        }
    }

    /// Nothing is selected: the head that the other views show.
    static bool is_shown(const Sketch& sketch, const HeadGrid& grid, Index layer, Index head) {
        const ViewState& state = sketch.state();
        if (state.decorations || !state.marks) return false;
        return (!grid.layer() || position_on(state, grid.layer()).value_or(0) == layer) &&
               head_shown(state, grid.head()) == head;
    }

    /// On the stage the card's title says layers and heads.
    static bool names_axes(const Sketch& sketch) {
        return sketch.state().decorations && sketch.state().options.axis_names == ViewOptions::Part::on;
    }

    /// "head" above the numbers, "layer" beside them.
    static void draw_names(Sketch& sketch, const HeadGrid& grid, const HeatmapGridItem& item) {
        const double size = sketch.px(13), away = sketch.px(header) + sketch.px(2);
        if (grid.head() && grid.all_heads() > 1 && !grid.sorted)
            sketch.text({item.box.x + item.box.w / 2, item.box.y - away}, tr("head"), size, sketch.theme().secondary,
                        HAlign::center, VAlign::bottom);
        if (grid.layer() && grid.layers > 1)
            sketch.text({item.box.x - away - size / 2, item.box.y + item.box.h / 2}, tr("layer"), size,
                        sketch.theme().secondary, HAlign::center, VAlign::middle, Font::ui, -90);
    }

    static void draw_numbers(Sketch& sketch, const HeadGrid& grid, const HeatmapGridItem& item) {
        const Theme& theme = sketch.theme();
        const Box first = grid_place(item, 0, 0);
        const double size = sketch.px(13), pitch_x = first.w + item.gap, pitch_y = first.h + item.gap;
        const ViewState& state = sketch.state();
        const auto color = [&](const AxisPtr& axis, Index i, Index now) {
            return i == now && state.marks && !state.decorations ? theme.selection
                   : sketch.selected(axis, i)                    ? theme.selection
                   : sketch.hovered(axis, i)                     ? theme.accent
                                                                 : theme.secondary;
        };
        if (grid.layer() && grid.layers > 1) {
            const Index now = position_on(state, grid.layer()).value_or(0), stride = nice_stride(size * 1.2 / pitch_y);
            for (Index r = 0; r < grid.layers; r += stride)
                sketch.text({item.box.x - sketch.px(8), first.y + static_cast<double>(r) * pitch_y + first.h / 2},
                            number_of(*grid.layer(), r), size, color(grid.layer(), r, now), HAlign::right, VAlign::middle);
        }
        if (!grid.head() || grid.all_heads() < 2) return;
        const Index now = head_shown(state, grid.head()), stride = nice_stride(size * 1.9 / pitch_x);
        if (!grid.sorted) {
            for (Index c = 0; c < grid.heads; c += stride)
                sketch.text({first.x + static_cast<double>(c) * pitch_x + first.w / 2, item.box.y - sketch.px(6)},
                            number_of(*grid.head(), grid.head_of(c)), size, color(grid.head(), grid.head_of(c), now),
                            HAlign::center, VAlign::bottom);
            return;
        }
        // In another order each map carries its own number.
        const double small = std::min(sketch.px(11), first.h * 0.4);
        if (small < 6 || first.w < small * 1.6) return;
        for (Index r = 0; r < grid.layers; ++r)
            for (Index c = 0; c < grid.heads; ++c) {
                const Box box = grid_place(item, r, c);
                const Index head = grid.head_of(grid.order[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
                const std::string number = number_of(*grid.head(), head);
                const double w = sketch.text_width(number, small) + sketch.px(5), h = small * 1.25;
                sketch.rect({box.x + 1, box.y + 1, w, h}, with_alpha(theme.panel, 0.86), 2);
                sketch.text({box.x + 1 + w / 2, box.y + 1 + h / 2}, number, small, color(grid.head(), head, now),
                            HAlign::center, VAlign::middle);
            }
    }

    static std::string number_of(const Axis& axis, Index i) {
        return axis.labels.empty() ? std::to_string(i + 1) : drawn_label(axis, i);
    }
};

}  // namespace

const View& head_grid_view() {
    static const HeadGridView view;
    return view;
}

}  // namespace saccade
