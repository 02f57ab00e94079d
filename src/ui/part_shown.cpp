#include "ui/part_shown.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr Index fewest = 4;         // positions
constexpr double least_move = 3;    // px: a click is no drag
constexpr double near_edge = 0.03;  // of the map: nearer to its edge, where sinks are, the edge itself stays

/// `count` positions from `begin` on, as far as there are so many.
CaptureRange range_in(const Axis& axis, double begin, double count) {
    const Index whole = axis.whole();
    const Index n = std::clamp<Index>(std::lround(count), std::min(fewest, whole), whole);
    const Index from = std::clamp<Index>(std::lround(begin), 0, whole - n);
    return {from, from + n};
}

CaptureRange range_of(const std::map<AxisKind, CaptureRange>& part, const Axis& axis) {
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
    return !document_.exhibit().part_param.empty() && std::max(place.rows->whole(), place.cols->whole()) > fewest;
}

PartShown::Part PartShown::asked_for(std::size_t side) const {
    const Params& params = document_.sides[side].request.params;
    const std::string& name = document_.exhibit().part_param;
    try {
        return params.has(name) ? capture_part_from(params.text(name)) : Part{};
    } catch (const Error&) {
        return {};  // what was typed is no part
    }
}

void PartShown::zoom(std::size_t side, const PartPlace& place, double x, double y, double factor) {
    const Part part = asked_for(side);
    Part ranges;
    const auto along = [&](const Axis& axis, double at) {
        at = at < near_edge ? 0 : at > 1 - near_edge ? 1 : at;
        const CaptureRange now = range_of(part, axis);
        const double count = resized(now.count(), factor);
        // What is under the mouse stays there: as it is on screen, which may be an older part.
        const double point = static_cast<double>(axis.at(0)) + at * static_cast<double>(axis.end() - axis.at(0));
        ranges[axis.kind] = range_in(axis, point - at * count, count);
    };
    along(*place.rows, y);
    along(*place.cols, x);
    if (ranges[place.rows->kind] == range_of(part, *place.rows) && ranges[place.cols->kind] == range_of(part, *place.cols))
        return;
    history_.remember("part by the wheel");
    std::vector<AxisPtr> axes = place.others;
    axes.insert(axes.end(), {place.rows, place.cols});
    move_to(side, part, axes, ranges);
}

void PartShown::press(std::size_t side, const PartPlace& place, bool on_whole, Point at, Point px) {
    PartHold& hold = document_.part;
    const Part part = asked_for(side);
    hold = {.held = true, .on_whole = on_whole, .side = side, .at = at, .px = px, .place = place};
    hold.rows = {place.rows->at(0), place.rows->end()};
    hold.cols = {place.cols->at(0), place.cols->end()};
    // What was asked for last is what moves, even if it is not there yet.
    if (part.contains(place.rows->kind)) hold.rows = range_of(part, *place.rows);
    if (part.contains(place.cols->kind)) hold.cols = range_of(part, *place.cols);
}

void PartShown::drag(Point at) {
    PartHold& hold = document_.part;
    const double dx = at.x - hold.at.x, dy = at.y - hold.at.y;
    if (!hold.held || (!hold.moved && std::hypot(dx, dy) < least_move)) return;
    if (!hold.moved) {
        hold.moved = true;
        history_.remember("");
    }
    const auto moved = [&](const Axis& axis, const CaptureRange& from, double by) {
        // The map follows the hand, and so does the rectangle on the picture of the whole.
        const double positions =
            hold.on_whole ? by * static_cast<double>(axis.whole()) : -by * static_cast<double>(from.count());
        return range_in(axis, static_cast<double>(from.begin) + positions, static_cast<double>(from.count()));
    };
    std::vector<AxisPtr> axes = hold.place.others;
    axes.insert(axes.end(), {hold.place.rows, hold.place.cols});
    move_to(hold.side, asked_for(hold.side), axes,
            {{hold.place.rows->kind, moved(*hold.place.rows, hold.rows, dy / std::max(1.0, hold.px.y))},
             {hold.place.cols->kind, moved(*hold.place.cols, hold.cols, dx / std::max(1.0, hold.px.x))}});
}

void PartShown::release() {
    document_.part = {};
}

void PartShown::show_all() {
    Part part = asked_for(document_.focus);
    if (part.erase(AxisKind::query) + part.erase(AxisKind::key) == 0) return;
    history_.remember("");
    set(document_.focus, part);
}

void PartShown::center(std::size_t side, const std::vector<AxisPtr>& axes, const std::map<AxisKind, Index>& positions,
                       Index most) {
    const Part part = asked_for(side);
    Part ranges;
    for (const AxisPtr& axis : axes) {
        const auto position = positions.find(axis->kind);
        if (position == positions.end()) continue;
        const auto count = static_cast<double>(std::min(range_of(part, *axis).count(), most));
        ranges[axis->kind] = range_in(*axis, static_cast<double>(position->second) + 0.5 - count / 2, count);
    }
    history_.remember("part by a search");
    move_to(side, part, axes, ranges);
}

/// Heads and layers stay those that are on screen: of fewer positions more of them could be read.
void PartShown::move_to(std::size_t side, Part part, const std::vector<AxisPtr>& axes, const Part& ranges) {
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

void PartShown::set(std::size_t side, const Part& part) {
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

}  // namespace saccade
