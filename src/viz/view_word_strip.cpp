#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "viz/kept_positions.hpp"
#include "viz/map_stack.hpp"
#include "viz/views.hpp"

namespace saccade {

namespace {

/// One picture of the strip: the map of an entry, or the picture alone.
struct Cell {
    Index entry = -1;  // -1: the picture alone
    std::string label, detail;
};

struct Strip {
    MapStack stack;
    const TraceTensor* picture = nullptr;
    const TraceTensor* regions = nullptr;
    std::vector<Cell> cells;
    bool words = false;  // entries are steps of one sentence
    bool over = false;   // maps lie on the picture
    PartAxis part;       // of the entries

    MapLook look(Index entry, const ViewState& state) const {
        return map_look(*stack.tensor, stack.maps.row(entry), picture != nullptr, state, true);
    }
};

/// "ship 0.81": the likeliest class of each entry, where the run has probabilities along the same axis.
std::vector<std::string> likeliest(const Trace& trace, const AxisPtr& entries) {
    std::vector<std::string> texts(static_cast<std::size_t>(entries->extent));
    for (const TraceTensor* tensor : trace.with_role(Role::probabilities)) {
        const auto& axes = tensor->info.axes;
        if (axes.size() != 2 || axes[0]->name != entries->name || tensor->values.empty()) continue;
        for (Index i = 0; i < entries->extent; ++i) {
            const Tensor<float> shares = tensor->values.row(i);
            const auto row = shares.values();
            const auto most = std::max_element(row.begin(), row.end());
            texts[static_cast<std::size_t>(i)] = fmt::format("{} {:.2f}", drawn_label(*axes[1], most - row.begin()), *most);
        }
        break;
    }
    return texts;
}

Strip strip_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    Strip strip;
    strip.stack = map_stack(tensor, state);
    strip.picture = picture_of(trace);
    strip.regions = strip.stack.whole.index.size() == 3 ? regions_of(trace, tensor, state) : nullptr;
    const AxisKind kind = strip.stack.entries->kind;
    strip.words = kind == AxisKind::query || kind == AxisKind::step || kind == AxisKind::key;
    strip.over = strip.picture != nullptr && state.options.overlay != ViewOptions::Overlay::side_by_side;
    const std::vector<std::string> details =
        strip.words ? std::vector<std::string>(static_cast<std::size_t>(strip.stack.entries->extent))
                    : likeliest(trace, strip.stack.entries);
    if (strip.words && strip.picture != nullptr) strip.cells.push_back({});
    std::vector<Index> entries;
    for (Index i = 0; i < strip.stack.entries->extent; ++i)
        if (state.options.special != ViewOptions::Special::hide || !is_special(strip.stack.entries->label(i)))
            entries.push_back(i);
    Axis all = *strip.stack.entries;
    all.extent = static_cast<Index>(entries.size());
    const std::vector<Index> kept = asked_positions(state, all, entries);
    strip.part = part_axis(strip.stack.entries, all.extent, entries, kept, PartAxis::Runs::through);
    for (Index at = 0; at < all.extent; ++at) {
        if (!kept.empty() && !std::ranges::binary_search(kept, at)) continue;
        const Index i = entries[static_cast<std::size_t>(at)];
        strip.cells.push_back({i, drawn_label(*strip.stack.entries, i), details[static_cast<std::size_t>(i)]});
    }
    return strip;
}

/// Where the pictures stand: as large as they can be, row by row.
struct WordRows {
    Box first;
    Index cols = 1, rows = 1;
    double pitch_x = 0, pitch_y = 0;
    double label = 0;  // px of the em; 0: no room
    int lines = 1;     // of the label

    Box place(Index i) const {
        return {first.x + static_cast<double>(i % cols) * pitch_x, first.y + static_cast<double>(i / cols) * pitch_y, first.w,
                first.h};
    }
};

WordRows arrange(const Sketch& sketch, const Strip& strip, const Box& room) {
    const double shape = shape_of(strip.picture, *strip.stack.tensor);
    const auto n = static_cast<Index>(strip.cells.size());
    // Is there a label that has no room beside what stands at its right?
    const auto crowded = [&](double width, double size) {
        return std::any_of(strip.cells.begin(), strip.cells.end(), [&](const Cell& c) {
            return !c.detail.empty() &&
                   sketch.text_width(c.label, size) + sketch.px(10) + sketch.text_width(c.detail, size) > width;
        });
    };
    const auto tried = [&](Index cols, double size, int lines) {
        WordRows rows;
        rows.cols = cols;
        rows.rows = (n + cols - 1) / cols;
        rows.label = size;
        rows.lines = lines;
        const auto c = static_cast<double>(cols), r = static_cast<double>(rows.rows);
        const double gap_x = std::min(sketch.px(12), room.w / c * 0.12), gap_y = std::min(sketch.px(10), room.h / r * 0.1);
        const double below = size > 0 ? sketch.px(5) + size * 1.3 * lines : 0;
        const double h = (room.h + gap_y) / r - gap_y - below, w = std::min((room.w + gap_x) / c - gap_x, h * shape);
        rows.first = {0, 0, std::max(w, 0.0), std::max(w / shape, 0.0)};
        if (rows.first.w >= 8 && rows.first.h >= 8) {
            rows.first.w = std::floor(rows.first.w);
            rows.first.h = std::floor(rows.first.h);
        }
        // Words have room, however narrow the pictures are.
        rows.pitch_x = std::min((room.w + gap_x) / c, std::max(rows.first.w + gap_x, size > 0 ? sketch.px(64) : 0.0));
        rows.pitch_y = rows.first.h + below + gap_y;
        const double used_w = rows.pitch_x * (c - 1) + rows.first.w, used_h = rows.pitch_y * r - gap_y;
        rows.first.x = std::round(room.x + (room.w - used_w) / 2);
        rows.first.y = std::round(room.y + std::max(0.0, (room.h - used_h) / 2));
        return rows;
    };
    const auto best = [&](double size) {
        WordRows found;
        for (Index cols = 1; cols <= n; ++cols) {
            WordRows rows = tried(cols, size, 1);
            if (size > 0 && crowded(rows.first.w, size)) rows = tried(cols, size, 2);
            if (rows.first.w > found.first.w) found = rows;
        }
        return found;
    };
    const WordRows with = best(sketch.px(14));
    if (with.pitch_x >= sketch.px(64) && with.first.h >= sketch.px(40)) return with;
    const WordRows small = best(sketch.px(10));
    return small.pitch_x >= sketch.px(28) && small.first.h >= sketch.px(2) ? small : best(0);
}

void draw_label(Sketch& sketch, const Strip& strip, const Cell& cell, const WordRows& rows, const Box& box) {
    if (rows.label <= 0 || cell.entry < 0) return;
    const Theme& theme = sketch.theme();
    const AxisPtr& axis = strip.stack.entries;
    const double size = rows.label, y = box.bottom() + sketch.px(5) + size * 0.65;
    const Color color = sketch.focus_color(axis, cell.entry, strip.words ? theme.text : theme.secondary);
    const double room = strip.words ? rows.pitch_x - sketch.px(3) : box.w;
    if (strip.words) {
        const std::string text = cut_to_fit(cell.label, room, size, Font::ui, sketch.measure());
        return sketch.text({box.x + box.w / 2, y}, text, size, color, HAlign::center, VAlign::middle);
    }
    // The class keeps its number; the name gives way.
    const bool below = rows.lines == 2;
    const double taken = below || cell.detail.empty() ? 0 : sketch.text_width(cell.detail, size) + sketch.px(8);
    sketch.text({box.x, y}, cut_to_fit(cell.label, room - taken, size, Font::ui, sketch.measure()), size, color, HAlign::left,
                VAlign::middle);
    sketch.text({below ? box.x : box.right(), below ? y + size * 1.3 : y},
                cut_to_fit(cell.detail, room, size, Font::ui, sketch.measure()), size, theme.text,
                below ? HAlign::left : HAlign::right, VAlign::middle);
}

void draw_picture(Sketch& sketch, const Strip& strip, const Cell& cell, const Box& box) {
    const ViewState& state = sketch.state();
    const bool map = cell.entry >= 0 && (strip.picture == nullptr || state.options.overlay != ViewOptions::Overlay::off);
    if (strip.picture != nullptr && (strip.over || cell.entry < 0)) sketch.add(ImageItem{box, strip.picture->values, 1});
    if (map) sketch.add(map_item(sketch, strip.look(cell.entry, state), strip.stack.maps.row(cell.entry), box, strip.over));
    if (map && strip.regions != nullptr && box.w >= sketch.px(40))
        draw_region(sketch, strip.regions->values.row(cell.entry), box);
    const AxisPtr& axis = strip.stack.entries;
    const double grow = sketch.px(2);
    const Box around{box.x - grow, box.y - grow, box.w + 2 * grow, box.h + 2 * grow};
    const bool selected = cell.entry >= 0 && sketch.selected(axis, cell.entry),
               hovered = cell.entry >= 0 && sketch.hovered(axis, cell.entry);
    if (selected || hovered) {
        if (box.w >= sketch.px(32)) draw_cell_focus(sketch, strip.stack.y, strip.stack.x, box, strip.picture != nullptr);
        sketch.outline(around, selected ? sketch.theme().selection : sketch.hover_color(), sketch.px(selected ? 2 : 1.5), 2);
    }
}

std::string caption_of(const Strip& strip, const ViewState& state) {
    std::string text = map_caption(state, strip.over);
    const auto say = [&text](const std::string& part) { text += (text.empty() || part.empty() ? "" : " · ") + part; };
    if (state.scale != Normalization::Scale::per_row) say("each map on its own scale");
    if (strip.regions != nullptr) say(region_caption(strip.regions, strip.regions->values));
    return text;
}

/// "7 tokens", "3 networks".
std::string counted(const Strip& strip) {
    const Index n = strip.stack.entries->extent;
    if (strip.words) return tr_count(n, "{} token", "{} tokens");
    const std::string name = short_name(*strip.stack.entries);
    return n == 1 ? fmt::format("{} {}", n, name) : tr("{} {}s", n, name);
}

class WordStripView : public View {
 public:
    std::string id() const override { return "word-strip"; }
    std::string title() const override { return "Strip"; }
    std::string explains() const override { return "Where the model looked as it wrote each word, one picture a word."; }
    OptionNames options() const override { return {"overlay", "opacity", "smooth", "map_threshold", "special", "percentile"}; }
    bool accepts(const Trace&, const TraceTensor& tensor) const override { return is_map_stack(tensor); }

    Figure layout(const Trace& trace, const ViewState& state, const TextMeasure& measure) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const Strip strip = strip_of(trace, tensor, state);
        Sketch sketch(state, measure);
        std::string subtitle = strip.stack.where;
        subtitle += (subtitle.empty() ? "" : " · ") + counted(strip);
        if (strip.part.is_cut()) subtitle += ", " + part_text(strip.part);
        Box content = sketch.begin(tensor.info.title.empty() ? tensor.info.name : tensor.info.title, subtitle);
        sketch.caption(caption_of(strip, state), content);
        const WordRows rows = arrange(sketch, strip, content);
        for (std::size_t i = 0; i < strip.cells.size(); ++i) {
            const Cell& cell = strip.cells[i];
            const Box box = rows.place(static_cast<Index>(i));
            draw_picture(sketch, strip, cell, box);
            draw_label(sketch, strip, cell, rows, box);
            const CellRef ref = cell.entry < 0 ? CellRef{} : strip.stack.entry(cell.entry);
            if (strip.picture != nullptr) sketch.place_image({box, ref});
            if (cell.entry < 0) continue;
            // The label stands for the entry, its picture for the cells.
            HitRegion label;
            label.box = {box.x + (box.w - rows.pitch_x) / 2, box.bottom(), rows.pitch_x, std::max(1.0, rows.pitch_y - box.h)};
            label.ref = ref;
            sketch.region(label);
            sketch.region(map_region(ref, tensor, box));
        }
        const Box all{rows.first.x, rows.first.y, rows.pitch_x * static_cast<double>(rows.cols),
                      rows.pitch_y * static_cast<double>(rows.rows)};
        if (auto place = part_place(all, {strip.part}, tensor)) {
            place->tiles_x = rows.cols;
            place->tiles_y = rows.rows;
            sketch.place_part(std::move(*place));
        }
        return sketch.take();
    }

    std::vector<ShownValues> shown(const Trace& trace, const ViewState& state) const override {
        const TraceTensor& tensor = tensor_for(*this, trace, state);
        const MapStack stack = map_stack(tensor, state);
        return {{tensor.info.name, {stack.entries, stack.y, stack.x}, stack.maps}};
    }
};

}  // namespace

const View& word_strip_view() {
    static const WordStripView view;
    return view;
}

}  // namespace saccade
