#include "exhibit/capture_plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr Index most_exact = Index{1} << 26;                    // cells that are shown as they are
constexpr Index most_joined = Index{1} << 24, most_side = 512;  // cells where they are not
constexpr Index kept_finer = 4;              // how much finer than the whole map what is kept of it is, in blocks
constexpr Index few_blocks = 16;             // positions a cell of the whole map: with fewer, a part is read as quickly
constexpr Index most_kept = Index{1} << 23;  // cells

constexpr std::array attention_order{AxisKind::layer, AxisKind::head, AxisKind::query, AxisKind::key, AxisKind::feature};

/// From 1, as on screen.
std::string range_text(AxisKind kind, const CaptureRange& range) {
    return capture_part_text({{kind, range}});
}

}  // namespace

CapturePlan::CapturePlan(const CaptureSource& source, const CaptureLook& look) : source_(source) {
    for (std::size_t i = 0; i < source.axes.size(); ++i) ranges_.push_back({0, source.extents[i]});
    blocks_.resize(ranges_.size(), 1);
    bases_.resize(ranges_.size(), 0);
    for (const auto& [kind, range] : look.part) take(kind, range);
    for (std::size_t i = 0; i < ranges_.size(); ++i)
        if (!is_kept(i)) fix(i);
    while (kept().size() > static_cast<std::size_t>(Shape::max_rank)) fix(kept().front());
    bound();
    join(look);
}

std::vector<std::size_t> CapturePlan::kept() const {
    std::vector<std::size_t> all;
    if (ordered()) {
        for (const AxisKind kind : attention_order)
            if (const int axis = source_.axis(kind); axis >= 0 && is_kept(static_cast<std::size_t>(axis)))
                all.push_back(static_cast<std::size_t>(axis));
        return all;
    }
    for (std::size_t i = 0; i < ranges_.size(); ++i)
        if (is_kept(i) && !fixed(i)) all.push_back(i);
    return all;
}

std::optional<CapturePlan> CapturePlan::of_kept() const {
    const auto q = static_cast<std::size_t>(source_.axis(AxisKind::query)),
               k = static_cast<std::size_t>(source_.axis(AxisKind::key));
    if (!source_.attends() || bases_[q] == 0 || bases_[k] == 0) return std::nullopt;
    CapturePlan kept = *this;
    Index cells = 1;
    for (const std::size_t axis : {q, k}) {
        kept.ranges_[axis] = {0, source_.extents[axis]};
        kept.blocks_[axis] = bases_[axis];
    }
    for (const std::size_t axis : kept.kept()) cells *= (kept.count(axis) + kept.block(axis) - 1) / kept.block(axis);
    return cells <= most_kept ? std::optional(std::move(kept)) : std::nullopt;
}

bool CapturePlan::all_of(AxisKind kind) const {
    const auto axis = static_cast<std::size_t>(source_.axis(kind));
    return count(axis) == source_.extents[axis];
}

std::string CapturePlan::text() const {
    std::string text = names();
    for (std::size_t i = 0; i < ranges_.size(); ++i)
        text += fmt::format(" {}-{}/{}", ranges_[i].begin, ranges_[i].end, blocks_[i]);
    return text;
}

bool CapturePlan::is_kept(std::size_t axis) const {
    if (kind(axis) == AxisKind::batch) return false;
    if (!ordered()) return true;
    if (kind(axis) == AxisKind::feature) return !source_.attends();
    return std::ranges::find(attention_order, kind(axis)) != attention_order.end();
}

void CapturePlan::take(AxisKind wanted, const CaptureRange& range) {
    const int axis = source_.axis(wanted);
    if (axis < 0) {
        // Keys and features of another tensor of the same capture are none of this one's.
        if (source_.role == Role::query || source_.role == Role::key) return;
        throw Error(ErrorCode::invalid_input, fmt::format("Part: there is no axis {}", to_string(wanted)),
                    "the axes are " + names());
    }
    const Index extent = source_.extents[static_cast<std::size_t>(axis)];
    if (range.end > extent)
        throw Error(ErrorCode::invalid_input, fmt::format("Part: {} of {}", range_text(wanted, range), extent),
                    fmt::format("the last is {}", extent));
    ranges_[static_cast<std::size_t>(axis)] = range;
}

std::string CapturePlan::called() const {
    return source_.name.empty() ? "the array" : "'" + source_.name + "'";
}
std::string CapturePlan::names() const {
    std::vector<AxisKind> kinds;
    for (const AboutAxis& axis : source_.axes) kinds.push_back(axis.kind);
    return axis_kinds_text(kinds);
}

void CapturePlan::fix(std::size_t axis) {
    fixed_.push_back(axis);
    if (count(axis) > 1 && source_.role != Role::key)
        notes_.push_back(
            {"part",
             fmt::format("{} of {} is shown", range_text(kind(axis), {ranges_[axis].begin, ranges_[axis].begin + 1}),
                         source_.extents[axis]),
             is_stacked(kind(axis)) ? "the setting of that name chooses another"
                                    : fmt::format("Part chooses another: {} 2", to_string(kind(axis)))});
    ranges_[axis].end = ranges_[axis].begin + 1;
}

Index CapturePlan::total() const {
    Index all = 1;
    for (std::size_t i = 0; i < ranges_.size(); ++i)
        all = all > most_read * 64 / std::max<Index>(count(i), 1) ? most_read * 64 : all * count(i);
    return all;
}

/// Not more than is read in a moment: the first layers, then heads, then queries.
void CapturePlan::bound() {
    std::string cut;
    std::vector<std::size_t> axes = kept();
    const auto keep = [&](std::size_t axis, Index fits) {
        if (fits >= count(axis)) return;
        ranges_[axis].end = ranges_[axis].begin + fits;
        cut += (cut.empty() ? "" : ", ") + range_text(kind(axis), ranges_[axis]) + fmt::format(" of {}", source_.extents[axis]);
    };
    Index maps = 1;
    for (const std::size_t axis : axes) maps *= is_stacked(kind(axis)) ? std::min(count(axis), Index{1} << 24) : 1;
    for (const std::size_t axis : axes) {
        if (!is_stacked(kind(axis)) || maps <= most_maps) continue;
        const Index others = maps / std::min(count(axis), Index{1} << 24);
        keep(axis, std::max<Index>(1, most_maps / others));
        maps = others * count(axis);
    }
    for (const std::size_t axis : axes) {
        if (total() <= most_read) break;
        const Index others = std::max<Index>(total() / count(axis), 1);
        Index fits = std::max<Index>(1, most_read / others);
        if (total() >= most_read * 64) fits = 1;
        keep(axis, fits);
    }
    if (!cut.empty())
        notes_.push_back({"part", fmt::format("{} is large; what is read of it: {}", called(), cut),
                          "Part chooses another: " + example(axes)});
}

std::string CapturePlan::example(const std::vector<std::size_t>& axes) const {
    std::string text;
    for (const std::size_t axis : axes)
        if (is_stacked(kind(axis)) && source_.extents[axis] > 1)
            text += (text.empty() ? "" : ", ") + fmt::format("{} 2", to_string(kind(axis)));
    return text.empty() ? "query 1001-2000" : text;
}

/// Positions of long axes share cells, so that a map can be drawn at once.
void CapturePlan::join(const CaptureLook& look) {
    const int query = source_.axis(AxisKind::query), key = source_.axis(AxisKind::key);
    if (total() <= most_exact &&
        (query < 0 || key < 0 ||
         (count(static_cast<std::size_t>(query)) <= 2 * look.side && count(static_cast<std::size_t>(key)) <= 2 * look.side)))
        return;
    if (query < 0 || key < 0)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{} has {} values; at most {} are shown at once", called(), total(), most_exact),
                    "choose a part: " + example(kept()));
    const auto q = static_cast<std::size_t>(query), k = static_cast<std::size_t>(key);
    Index others = total() / (count(q) * count(k));
    Index cells = look.side;  // of a map, on a side
    while (cells > 1 && others * std::min(cells, count(q)) * std::min(cells, count(k)) > most_joined) --cells;
    join_along(q, cells);
    join_along(k, cells);
    notes_.push_back({"part",
                      fmt::format("{} × {} positions share a cell, which shows {} of them", blocks_[q], blocks_[k],
                                  look.peaks ? "the largest" : "the mean"),
                      "the wheel over the map comes nearer, until each has its own; so does a part: query 1-512, key 1-512"});
}

/// In at most so many cells. Large parts of long axes are made of the blocks that are kept of the whole.
void CapturePlan::join_along(std::size_t axis, Index cells) {
    const Index extent = source_.extents[axis];
    Index whole = (extent + most_side - 1) / most_side;
    Index& block = blocks_[axis];
    block = (count(axis) + cells - 1) / cells;
    if (whole < few_blocks) return;
    const auto up_to = [](Index n, Index of) { return (n + of - 1) / of * of; };
    const Index base = up_to(whole, kept_finer) / kept_finer;
    if (block + 1 < base) return;  // hardly finer is not worth reading it
    bases_[axis] = base;
    block = up_to(block, base);
    CaptureRange& range = ranges_[axis];
    range = {range.begin / base * base, std::min(up_to(range.end, base), extent)};
}

}  // namespace saccade
