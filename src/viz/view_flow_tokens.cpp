#include "viz/view_flow_tokens.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace saccade {

namespace {

/// Does every label have room, moved inwards at the edges, without touching the next?
bool all_fit(const Sketch& sketch, const TokenRow& row, const Box& content) {
    double free_from = content.x;
    for (Index i = 0; i < row.axis->extent; ++i) {
        const double w = sketch.text_width(drawn_label(*row.axis, i), row.size);
        const double left = std::clamp(row.x(i) - w / 2, content.x, std::max(content.x, content.right() - w));
        if (left < free_from || left + w > content.right() + 0.5) return false;
        free_from = left + w + sketch.px(3);
    }
    return true;
}

/// As a figure was asked for.
void arrange_as_asked(const Sketch& sketch, TokenRow& row, double widest, double gap, const Box& content) {
    using Choice = ViewOptions::Labels;
    const Choice choice = sketch.state().options.labels;
    if (choice == Choice::horizontal || choice == Choice::thinned) {
        const double wide = choice == Choice::thinned ? widest : std::min(widest, 2 * row.size);
        row.stride = nice_stride(std::max(1.0, (wide + gap) / row.pitch));
        return;
    }
    row.slanted = choice == Choice::slanted;
    row.turned = std::min(row.slanted ? slanted_extent(widest, row.size) : widest, content.h * 0.3);
    if (!row.slanted) return;
    // The last one reaches out at the right, the first one below at the left.
    const double over = std::max(0.0, row.turned - row.pitch / 2), n = static_cast<double>(row.axis->extent);
    row.pitch = std::max(1.0, std::min(row.pitch, (content.w - 2 * over) / n));
    row.x0 = content.x + (content.w - row.pitch * n) / 2;
}

/// Turned; the upper row ends at the lines, and so does the lower one.
void draw_turned(Sketch& sketch, const TokenRow& row, const std::vector<bool>& dimmed, double y, VAlign align) {
    AxisLabels labels;
    labels.size = row.size;
    const bool above = align == VAlign::top;
    const double room = (row.slanted ? slanted_room(row.turned, row.size) : row.turned) + 0.5;
    const double closest = row.size * label_pitch * (row.slanted ? std::numbers::sqrt2 : 1);
    labels.stride = row.pitch >= closest ? 1 : nice_stride(closest / row.pitch);
    for (const Index i : labelled_positions(sketch, row.axis, labels)) {
        const bool recedes = static_cast<std::size_t>(i) < dimmed.size() && dimmed[static_cast<std::size_t>(i)];
        sketch.text({row.x(i), above ? y + row.height() - row.size * 0.2 : y - row.height() + row.size * 0.2},
                    written_label(sketch, row.axis, labels, i, room), row.size,
                    sketch.focus_color(row.axis, i, recedes ? sketch.theme().faint : sketch.theme().text),
                    above ? HAlign::left : HAlign::right, VAlign::middle, Font::ui, row.slanted ? -45 : -90);
    }
}

}  // namespace

TokenRow arrange_tokens(const Sketch& sketch, const AxisPtr& axis, const Box& content) {
    TokenRow row;
    row.axis = axis;
    row.pitch = std::min(content.w / static_cast<double>(axis->extent), sketch.px(118));
    row.x0 = content.x + (content.w - row.pitch * static_cast<double>(axis->extent)) / 2;
    const double exact = sketch.state().text_size, gap = sketch.px(4);
    const double wanted = exact > 0 ? exact : sketch.px(18),
                 least = exact > 0 ? exact : sketch.px(sketch.state().decorations ? 12 : 10);
    double widest = 1;
    const Index step = std::max<Index>(1, axis->extent / 400);
    for (Index i = 0; i < axis->extent; i += step) widest = std::max(widest, sketch.text_width(drawn_label(*axis, i), wanted));
    row.size = std::clamp(wanted * (row.pitch - gap) / widest, least, wanted);
    if (sketch.state().decorations && sketch.state().options.labels != ViewOptions::Labels::automatic) {
        arrange_as_asked(sketch, row, widest * row.size / wanted, gap, content);
        return row;
    }
    if (row.pitch >= row.size && all_fit(sketch, row, content)) return row;
    // Where there is no room for even a few letters each, in a figure for whole ones, they are written upwards; where that is
    // no use, only every k-th token is labelled.
    const double needed = std::min(widest * row.size / wanted, 6 * row.size);
    const double enough = sketch.state().decorations ? needed : std::min(needed, 3.2 * row.size);
    if (row.pitch >= enough) return row;
    const double high = widest * row.size / wanted;
    if (row.pitch >= row.size * 1.05 && high > row.size * 1.3 && content.h >= 8 * row.size) {
        row.turned = std::min(high, content.h * 0.3);
    } else if (row.pitch < std::min(needed, 3.2 * row.size)) {
        row.stride = nice_stride((needed + gap) / row.pitch);
        // Positions stand for tokens then, and are wider than short ones.
        const std::string last = axis->labels.empty() ? "" : "@" + std::to_string(axis->at(axis->extent - 1) + 1);
        if (row.stride > 1)
            row.stride = std::max(row.stride, nice_stride((sketch.text_width(last, row.size) + 2 * gap) / row.pitch));
    }
    return row;
}

void draw_masked(Sketch& sketch, const TokenRow& row, const std::vector<bool>& masked, double y, double h) {
    const double inset = std::min(row.pitch * 0.08, sketch.px(4));
    for (std::size_t i = 0; i < masked.size(); ++i)
        if (masked[i]) sketch.hatch({row.x0 + static_cast<double>(i) * row.pitch + inset, y, row.pitch - 2 * inset, h});
}

void draw_tokens(Sketch& sketch, const TokenRow& row, const std::vector<bool>& dimmed, const Box& content, double y,
                 VAlign align) {
    if (row.turned > 0) return draw_turned(sketch, row, dimmed, y, align);
    AxisLabels labels;
    labels.stride = row.stride;
    labels.size = row.size;
    labels.positions = row.stride > 1 && !row.axis->labels.empty() &&
                       (!sketch.state().decorations || sketch.state().options.labels == ViewOptions::Labels::automatic);
    const double room = row.pitch * static_cast<double>(row.stride) - sketch.px(3);
    const std::vector<Index> written = labelled_positions(sketch, row.axis, labels);
    // A long name beside short ones has the room that these leave.
    const auto half = [&](Index i) { return std::min(sketch.text_width(drawn_label(*row.axis, i), row.size), room) / 2; };
    const auto free = [&](std::size_t at, bool right) {
        if (right ? at + 1 == written.size() : at == 0) return 1e9;
        const Index other = written[right ? at + 1 : at - 1];
        return std::abs(row.x(other) - row.x(written[at])) - half(other) - sketch.px(3);
    };
    for (std::size_t at = 0; at < written.size(); ++at) {
        const Index i = written[at];
        const double beside_room = std::max(room / 2, std::min(free(at, false), free(at, true)));
        // At an edge a name is moved inwards, and has only the room up to its neighbour.
        const double beside = std::min({beside_room, row.x(i) - content.x, content.right() - row.x(i)});
        const double width = std::max(beside_room + beside, row.size);
        const std::string label = written_label(sketch, row.axis, labels, i, width);
        if (label == "…") continue;
        const double wide = sketch.text_width(label, row.size) / 2, from = content.x + wide, to = content.right() - wide;
        const double x = from < to ? std::clamp(row.x(i), from, to) : row.x(i);
        const bool recedes = static_cast<std::size_t>(i) < dimmed.size() && dimmed[static_cast<std::size_t>(i)];
        sketch.text({x, y}, label, row.size,
                    sketch.focus_color(row.axis, i, recedes ? sketch.theme().faint : sketch.theme().text), HAlign::center,
                    align);
    }
}

}  // namespace saccade
