#include "ui/part_shown.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "viz/kept_positions.hpp"

namespace saccade {

namespace {

constexpr Index fewest = 4;         // positions
constexpr double least_move = 3;    // px: a click is no drag
constexpr double near_edge = 0.03;  // of the map: nearer to its edge, where sinks are, the edge itself stays

/// `count` positions from `begin` on, as far as there are so many.
template <class Range>
Range range_in(Index whole, double begin, double count) {
    const Index n = std::clamp<Index>(std::lround(count), std::min(fewest, whole), whole);
    const Index from = std::clamp<Index>(std::lround(begin), 0, whole - n);
    return {from, from + n};
}

CaptureRange range_asked(const std::map<AxisKind, CaptureRange>& part, const Axis& axis) {
    const auto found = part.find(axis.kind);
    if (found == part.end()) return {0, axis.whole()};
    return {std::min(found->second.begin, axis.whole()), std::min(found->second.end, axis.whole())};
}

/// Fewer by one, or more by one, where rounding would leave as many.
double resized(Index count, double factor) {
    const double wanted = std::round(static_cast<double>(count) * factor);
    return wanted == static_cast<double>(count) ? wanted + (factor < 1 ? -1 : factor > 1 ? 1 : 0) : wanted;
}

}  // namespace

bool PartShown::moves(const PartPlace& place) const {
    const bool longer = std::ranges::any_of(place.axes, [](const PartAxis& one) { return one.whole > fewest; });
    return longer && place.is_of_run() == !document_.exhibit().part_param.empty();
}

std::map<AxisKind, CaptureRange> PartShown::asked_for(std::size_t side) const {
    const Params& params = document_.sides[side].request.params;
    const std::string& name = document_.exhibit().part_param;
    try {
        return !name.empty() && params.has(name) ? capture_part_from(params.text(name)) : std::map<AxisKind, CaptureRange>{};
    } catch (const Error&) {
        return {};  // what was typed is no part
    }
}

PartShown::Range PartShown::range_of(std::size_t side, const PartAxis& axis) const {
    if (axis.axis->part.whole == 0) return {axis.begin, axis.end};
    const CaptureRange asked = range_asked(asked_for(side), *axis.axis);
    return {asked.begin, asked.end};
}

void PartShown::zoom(std::size_t side, const PartPlace& place, double x, double y, double factor) {
    std::vector<Range> ranges;
    bool changed = false;
    for (const PartAxis& axis : place.axes) {
        double at = axis.runs == PartAxis::Runs::down ? y : x;
        at = at < near_edge ? 0 : at > 1 - near_edge ? 1 : at;
        const Range now = range_of(side, axis);
        const double count = resized(now.count(), factor);
        // What is under the mouse stays there: as it is on screen, which may be an older part.
        const double point = static_cast<double>(axis.begin) + at * static_cast<double>(axis.end - axis.begin);
        ranges.push_back(range_in<Range>(axis.whole, point - at * count, count));
        changed = changed || ranges.back() != now;
    }
    if (!changed) return;
    history_.remember("part by the wheel");
    move_to(side, place, ranges);
}

void PartShown::pan(std::size_t side, const PartPlace& place, double x, double y) {
    std::vector<Range> ranges;
    bool changed = false;
    for (const PartAxis& axis : place.axes) {
        const double by = axis.runs == PartAxis::Runs::down ? y : x;
        const Range now = range_of(side, axis);
        const auto count = static_cast<double>(now.count());
        const double positions = by == 0 ? 0 : std::copysign(std::max(1.0, std::abs(by) * count), by);
        ranges.push_back(range_in<Range>(axis.whole, static_cast<double>(now.begin) + positions, count));
        changed = changed || ranges.back() != now;
    }
    if (!changed) return;
    history_.remember("part by the wheel");
    move_to(side, place, ranges);
}

void PartShown::press(std::size_t side, const PartPlace& place, bool on_whole, Point at, Point px) {
    document_.part = {.held = true, .on_whole = on_whole, .side = side, .at = at, .px = px, .place = place};
    // What was asked for last is what moves, even if it is not there yet.
    for (PartAxis& axis : document_.part.place.axes) {
        if (axis.axis->part.whole == 0 || !asked_for(side).contains(axis.axis->kind)) continue;
        const Range asked = range_of(side, axis);
        axis.begin = asked.begin;
        axis.end = asked.end;
    }
}

void PartShown::drag(Point at) {
    PartHold& hold = document_.part;
    const double dx = at.x - hold.at.x, dy = at.y - hold.at.y;
    if (!hold.held || (!hold.moved && std::hypot(dx, dy) < least_move)) return;
    if (!hold.moved) {
        hold.moved = true;
        history_.remember("");
    }
    std::vector<Range> ranges;
    for (const PartAxis& axis : hold.place.axes) {
        const bool down = axis.runs == PartAxis::Runs::down;
        const double by = (down ? dy : dx) / std::max(1.0, down ? hold.px.y : hold.px.x);
        const auto count = static_cast<double>(axis.end - axis.begin);
        // The map follows the hand, and so does the rectangle on the picture of the whole; of pictures each is as wide as px.
        const double positions = hold.on_whole                          ? by * static_cast<double>(axis.whole)
                                 : axis.runs == PartAxis::Runs::through ? -by
                                                                        : -by * count;
        ranges.push_back(range_in<Range>(axis.whole, static_cast<double>(axis.begin) + positions, count));
    }
    move_to(hold.side, hold.place, ranges);
}

void PartShown::release() {
    document_.part = {};
}

bool PartShown::is_cut() const {
    const auto part = asked_for(document_.focus);
    return !document_.options.positions.empty() || part.contains(AxisKind::query) || part.contains(AxisKind::key);
}

void PartShown::show_all() {
    if (!is_cut()) return;
    history_.remember("");
    document_.options.positions.clear();
    auto part = asked_for(document_.focus);
    if (part.erase(AxisKind::query) + part.erase(AxisKind::key) > 0) set(document_.focus, part);
}

void PartShown::show_all(std::size_t side, const PartPlace& place) {
    if (!place.is_cut()) return;
    history_.remember("");
    std::vector<Range> ranges;
    for (const PartAxis& axis : place.axes) ranges.push_back({0, axis.whole});
    move_to(side, place, ranges);
}

void PartShown::center(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, Index>& positions,
                       Index most) {
    const auto part = asked_for(side);
    std::map<AxisKind, CaptureRange> ranges;
    for (const AxisPtr& axis : axes) {
        const auto position = positions.find(axis->kind);
        if (position == positions.end()) continue;
        const auto count = static_cast<double>(std::min(range_asked(part, *axis).count(), most));
        ranges[axis->kind] =
            range_in<CaptureRange>(axis->whole(), static_cast<double>(position->second) + 0.5 - count / 2, count);
    }
    history_.remember("part by a search");
    read(side, axes, ranges);
}

void PartShown::move_to(std::size_t side, const PartPlace& place, const std::vector<Range>& ranges) {
    if (!place.is_of_run()) {
        for (std::size_t i = 0; i < ranges.size(); ++i) show(place.axes[i], ranges[i]);
        return;
    }
    std::map<AxisKind, CaptureRange> read_of;
    std::vector<AxisPtr> axes = place.others;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        axes.push_back(place.axes[i].axis);
        read_of[place.axes[i].axis->kind] = {ranges[i].begin, ranges[i].end};
    }
    read(side, axes, read_of);
}

void PartShown::show(const PartAxis& axis, Range range) {
    auto& positions = document_.options.positions;
    const std::string& name = axis.axis->name;
    if (range.begin <= 0 && range.end >= axis.whole) {
        positions.erase(name);
        return;
    }
    // A word begins with its first token and ends before the next word does.
    const auto position = [&](Index i) {
        if (axis.positions.empty()) return i;
        return i < axis.whole ? axis.positions[static_cast<std::size_t>(i)] : axis.axis->extent;
    };
    std::vector<Index>& shown = positions[name];
    shown.clear();
    for (Index i = position(range.begin); i < position(range.end); ++i) shown.push_back(i);
}

/// Heads and layers stay those that are on screen: of fewer positions more of them could be read.
void PartShown::read(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, CaptureRange>& ranges) {
    std::map<AxisKind, CaptureRange> part = asked_for(side);
    for (const AxisPtr& axis : axes) {
        const auto range = ranges.find(axis->kind);
        if (range == ranges.end()) {
            if (axis->is_cut()) part[axis->kind] = {axis->at(0), axis->end()};
        } else if (range->second.count() == axis->whole()) {
            part.erase(axis->kind);
        } else {
            part[axis->kind] = range->second;
        }
    }
    set(side, part);
}

void PartShown::set(std::size_t side, const std::map<AxisKind, CaptureRange>& part) {
    const std::string text = capture_part_text(part);
    for (std::size_t i = 0; i < 2; ++i) {
        if (i != side && !(document_.comparing && document_.linked)) continue;
        Params& params = document_.sides[i].request.params;
        const std::string& name = document_.exhibit().part_param;
        if ((params.has(name) ? params.text(name) : std::string()) == text) continue;
        params.set(name, text);
        runs_.submit_live(i);
        document_.reload_fields = true;
    }
}

std::optional<PartPlace> PartShown::place_of_selected(double& x, double& y) const {
    const Trace* trace = document_.trace();
    if (trace == nullptr) return {};
    const Focus& selected = document_.stage.selected;
    const TraceTensor* tensor = trace->find(selected.cell.tensor);
    if (tensor == nullptr || tensor->info.axes.size() < 2) {
        const auto weights = trace->with_role(Role::weights);
        if (weights.empty()) return {};
        tensor = weights.front();
    }
    ViewState state;
    state.options = document_.options;
    try {
        Slice slice = plane_of(*tensor, state);
        show_part(slice, state);
        auto place = part_place({}, {slice.col_part, slice.row_part}, *tensor);
        if (!place || !moves(*place)) return {};
        const auto at = [&](const PartAxis& axis) {
            const auto mark = selected.on(axis.axis);
            if (!mark) return 0.5;
            const Index position = axis.axis->part.whole > 0 ? axis.axis->at(*mark) : *mark;
            return std::clamp((static_cast<double>(position - axis.begin) + 0.5) / static_cast<double>(axis.end - axis.begin),
                              0.0, 1.0);
        };
        x = at(place->axes[0]);
        y = at(place->axes[1]);
        return place;
    } catch (const Error&) {
        return {};  // nothing to show
    }
}

void PartShown::zoom_selected(double factor) {
    double x = 0, y = 0;
    if (const auto place = place_of_selected(x, y)) zoom(document_.focus, *place, x, y, factor);
}

void PartShown::pan_selected(double x, double y) {
    double unused_x = 0, unused_y = 0;
    if (const auto place = place_of_selected(unused_x, unused_y)) pan(document_.focus, *place, x, y);
}

void PartShown::reveal_selected() {
    for (const auto& [name, position] : document_.stage.selected.marks) {
        const auto found = document_.options.positions.find(name);
        if (found == document_.options.positions.end() || found->second.empty()) continue;
        std::vector<Index>& shown = found->second;
        if (std::ranges::binary_search(shown, position)) continue;
        const Index by = position < shown.front() ? position - shown.front() : position - shown.back();
        const bool neighbours = shown.back() - shown.front() + 1 == static_cast<Index>(shown.size());
        if (!neighbours)
            shown.insert(std::ranges::upper_bound(shown, position), position);
        else
            for (Index& one : shown) one += by;
    }
}

}  // namespace saccade
