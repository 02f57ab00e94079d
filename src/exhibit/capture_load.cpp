#include "exhibit/capture_load.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.hpp"
#include "base/printable.hpp"

namespace saccade {

namespace {

constexpr Index most_read = Index{1} << 28;                     // values: of F16 half a gigabyte, a moment of a warm file
constexpr Index most_exact = Index{1} << 26;                    // cells that are shown as they are
constexpr Index most_joined = Index{1} << 24, most_side = 512;  // cells where they are not

constexpr std::array attention_order{AxisKind::layer, AxisKind::head, AxisKind::query, AxisKind::key, AxisKind::feature};

/// From 1, as on screen.
std::string range_text(AxisKind kind, const CaptureRange& range) {
    return range.end - range.begin == 1 ? fmt::format("{} {}", to_string(kind), range.begin + 1)
                                        : fmt::format("{} {}-{}", to_string(kind), range.begin + 1, range.end);
}

/// What is read of a source, axis by axis.
class Plan {
 public:
    Plan(const CaptureSource& source, const CaptureLook& look) : source_(source) {
        for (std::size_t i = 0; i < source.axes.size(); ++i) ranges_.push_back({0, source.extents[i]});
        blocks_.resize(ranges_.size(), 1);
        for (const auto& [kind, range] : look.part) take(kind, range);
        for (std::size_t i = 0; i < ranges_.size(); ++i)
            if (!is_kept(i)) fix(i);
        while (kept().size() > static_cast<std::size_t>(Shape::max_rank)) fix(kept().front());
        bound();
        join(look);
    }

    /// Axes of the result, in its order.
    std::vector<std::size_t> kept() const {
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
    const CaptureRange& range(std::size_t axis) const { return ranges_[axis]; }
    Index block(std::size_t axis) const { return blocks_[axis]; }
    std::vector<Note>& notes() { return notes_; }

 private:
    AxisKind kind(std::size_t axis) const { return source_.axes[axis].kind; }
    bool ordered() const { return source_.attends() || source_.role == Role::query || source_.role == Role::key; }
    Index count(std::size_t axis) const { return ranges_[axis].end - ranges_[axis].begin; }
    bool fixed(std::size_t axis) const { return std::ranges::find(fixed_, axis) != fixed_.end(); }
    bool is_kept(std::size_t axis) const {
        if (kind(axis) == AxisKind::batch) return false;
        if (!ordered()) return true;
        if (kind(axis) == AxisKind::feature) return !source_.attends();
        return std::ranges::find(attention_order, kind(axis)) != attention_order.end();
    }

    void take(AxisKind wanted, const CaptureRange& range) {
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

    std::string called() const { return source_.name.empty() ? "the array" : "'" + source_.name + "'"; }
    std::string names() const {
        std::vector<AxisKind> kinds;
        for (const AboutAxis& axis : source_.axes) kinds.push_back(axis.kind);
        return axis_kinds_text(kinds);
    }

    void fix(std::size_t axis) {
        fixed_.push_back(axis);
        if (count(axis) > 1 && source_.role != Role::key)
            notes_.push_back(
                {"part",
                 fmt::format("{} of {} is shown", range_text(kind(axis), {ranges_[axis].begin, ranges_[axis].begin + 1}),
                             source_.extents[axis]),
                 fmt::format("Part chooses another: {} 2", to_string(kind(axis)))});
        ranges_[axis].end = ranges_[axis].begin + 1;
    }

    Index total() const {
        Index all = 1;
        for (std::size_t i = 0; i < ranges_.size(); ++i)
            all = all > most_read * 64 / std::max<Index>(count(i), 1) ? most_read * 64 : all * count(i);
        return all;
    }

    /// Not more than is read in a moment: the first layers, then heads, then queries.
    void bound() {
        std::string cut;
        std::vector<std::size_t> axes = kept();
        for (const std::size_t axis : axes) {
            if (total() <= most_read) break;
            const Index others = std::max<Index>(total() / count(axis), 1);
            Index fits = std::max<Index>(1, most_read / others);
            if (total() >= most_read * 64) fits = 1;
            if (fits >= count(axis)) continue;
            ranges_[axis].end = ranges_[axis].begin + fits;
            cut += (cut.empty() ? "" : ", ") + range_text(kind(axis), ranges_[axis]) +
                   fmt::format(" of {}", source_.extents[axis]);
        }
        if (!cut.empty())
            notes_.push_back({"part", fmt::format("{} is large; what is read of it: {}", called(), cut),
                              "Part chooses another: " + example(axes)});
    }

    std::string example(const std::vector<std::size_t>& axes) const {
        std::string text;
        for (const std::size_t axis : axes)
            if (is_stacked(kind(axis)) && source_.extents[axis] > 1)
                text += (text.empty() ? "" : ", ") + fmt::format("{} 2", to_string(kind(axis)));
        return text.empty() ? "query 1001-2000" : text;
    }

    /// Positions of long axes share cells, so that a map can be drawn at once.
    void join(const CaptureLook& look) {
        const int query = source_.axis(AxisKind::query), key = source_.axis(AxisKind::key);
        if (total() <= most_exact && (query < 0 || key < 0 ||
                                      (count(static_cast<std::size_t>(query)) <= 2 * most_side &&
                                       count(static_cast<std::size_t>(key)) <= 2 * most_side)))
            return;
        if (query < 0 || key < 0)
            throw Error(ErrorCode::out_of_range,
                        fmt::format("{} has {} values; at most {} are shown at once", called(), total(), most_exact),
                        "choose a part: " + example(kept()));
        const auto q = static_cast<std::size_t>(query), k = static_cast<std::size_t>(key);
        Index others = total() / (count(q) * count(k));
        Index cells = most_side;  // of a map, on a side
        while (cells > 1 && others * std::min(cells, count(q)) * std::min(cells, count(k)) > most_joined) --cells;
        blocks_[q] = (count(q) + cells - 1) / cells;
        blocks_[k] = (count(k) + cells - 1) / cells;
        notes_.push_back({"part",
                          fmt::format("{} × {} positions share a cell, which shows {} of them", blocks_[q], blocks_[k],
                                      look.peaks ? "the largest" : "the mean"),
                          "Part shows a few as they are: query 1-512, key 1-512"});
    }

    const CaptureSource& source_;
    std::vector<CaptureRange> ranges_;
    std::vector<Index> blocks_;
    std::vector<std::size_t> fixed_;
    std::vector<Note> notes_;
};

/// Texts of the positions that are shown; empty: they are numbered.
std::vector<std::string> labels_of(const AboutAxis& axis, const std::vector<std::string>& tokens, Index extent,
                                   const CaptureRange& range, Index block) {
    const std::vector<std::string>& all = tokens.empty() ? axis.labels : tokens;
    const bool named = static_cast<Index>(all.size()) == extent;
    std::vector<std::string> labels;
    if (!named && range.begin == 0 && block == 1) return labels;
    for (Index i = range.begin; i < range.end; i += block) {
        const Index last = std::min(i + block, range.end) - 1;
        std::string label = named ? printable(all[static_cast<std::size_t>(i)]) : fmt::format("{}", i + 1);
        if (named && label.empty()) label = "␣";
        if (block > 1) label = fmt::format("{}–{}", i + 1, last + 1) + (named ? " " + label : "");
        labels.push_back(std::move(label));
    }
    return labels;
}

void note_tokens(const CaptureSource& source, const CaptureTokens& tokens, const char* what, AxisKind kind,
                 std::vector<Note>& notes) {
    const int axis = source.axis(kind);
    const std::vector<std::string>& texts = kind == AxisKind::query ? tokens.query : tokens.key;
    if (axis < 0 || texts.empty()) return;
    const Index extent = source.extents[static_cast<std::size_t>(axis)];
    if (static_cast<Index>(texts.size()) == extent) return;
    // One list for both axes need not fit both.
    const int other = source.axis(kind == AxisKind::query ? AxisKind::key : AxisKind::query);
    if (tokens.query == tokens.key && other >= 0 &&
        static_cast<Index>(texts.size()) == source.extents[static_cast<std::size_t>(other)])
        return;
    notes.push_back({"tokens", fmt::format("{} tokens for {} {}: they are numbered instead", texts.size(), extent, what),
                     "give one token a line, or a JSON list"});
}

std::string axis_name(const CaptureSource& source, std::size_t axis, const std::vector<Axis>& before) {
    const AxisKind kind = source.axes[axis].kind;
    const int query = source.axis(AxisKind::query), key = source.axis(AxisKind::key);
    if (query >= 0 && key >= 0 && (kind == AxisKind::query || kind == AxisKind::key)) {
        const auto q = static_cast<std::size_t>(query), k = static_cast<std::size_t>(key);
        const bool same = source.extents[q] == source.extents[k] && source.axes[q].labels == source.axes[k].labels;
        return kind == AxisKind::query ? (same ? "token" : "query") : (same ? "token.key" : "key");
    }
    std::string name = to_string(kind);
    while (std::ranges::find(before, name, &Axis::name) != before.end()) name += "'";
    return name;
}

std::string symbol_of_axis(AxisKind kind) {
    switch (kind) {
        case AxisKind::layer:
            return "l";
        case AxisKind::head:
            return "h";
        case AxisKind::query:
            return "i";
        case AxisKind::key:
            return "j";
        default:
            return "";
    }
}

void read_parts(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look, const Plan& plan,
                LoadedCapture& loaded) {
    const std::vector<std::size_t> kept = plan.kept();
    const std::size_t shift = source.stacked ? 1 : 0;
    ArrayPart part;
    part.peaks = look.peaks;
    for (std::size_t i = shift; i < source.extents.size(); ++i)
        part.along.push_back({plan.range(i).begin, plan.range(i).end - plan.range(i).begin, plan.block(i)});
    for (std::size_t i = shift; i < source.extents.size(); ++i)
        if (std::ranges::find(kept, i) == kept.end()) part.order.push_back(static_cast<int>(i - shift));
    for (const std::size_t i : kept)
        if (i >= shift) part.order.push_back(static_cast<int>(i - shift));
    std::vector<Index> dims;
    for (const Axis& axis : loaded.axes) dims.push_back(axis.extent);
    const Shape shape{std::span<const Index>(dims)};
    if (!source.stacked) {
        loaded.values = capture.file->read(*source.parts[0], part, look.stop).reshape(shape);
        return;
    }
    const CaptureRange& of = plan.range(0);
    if (of.end - of.begin > 1 && kept.front() != 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("Axes: '{}' is {} arrays, which run along its first axis: here {}", source.name,
                                source.parts.size(), to_string(source.axes[0].kind)),
                    "name that layer");
    loaded.values = Tensor<float>::uninitialized(shape);
    const Index each = loaded.values.size() / (of.end - of.begin);
    for (Index p = of.begin; p < of.end; ++p) {
        const Tensor<float> one = capture.file->read(*source.parts[static_cast<std::size_t>(p)], part, look.stop);
        std::ranges::copy(one.values(), loaded.values.data() + (p - of.begin) * each);
    }
}

}  // namespace

LoadedCapture load_capture(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look) {
    Plan plan(source, look);
    LoadedCapture loaded;
    loaded.notes = std::move(plan.notes());
    note_tokens(source, look.tokens, "queries", AxisKind::query, loaded.notes);
    if (look.tokens.query != look.tokens.key || source.axis(AxisKind::query) < 0)
        note_tokens(source, look.tokens, "keys", AxisKind::key, loaded.notes);
    for (const std::size_t axis : plan.kept()) {
        const AboutAxis& described = source.axes[axis];
        const CaptureRange& range = plan.range(axis);
        const Index block = plan.block(axis);
        static const std::vector<std::string> none;
        const std::vector<std::string>& tokens = described.kind == AxisKind::query ? look.tokens.query
                                                 : described.kind == AxisKind::key ? look.tokens.key
                                                                                   : none;
        const bool fit = static_cast<Index>(tokens.size()) == source.extents[axis];
        loaded.axes.push_back(
            {axis_name(source, axis, loaded.axes), described.kind, (range.end - range.begin + block - 1) / block,
             labels_of(described, fit ? tokens : none, source.extents[axis], range, block), symbol_of_axis(described.kind)});
        if (described.kind == AxisKind::query) loaded.query_block = block;
        if (described.kind == AxisKind::key) loaded.key_block = block;
    }
    read_parts(capture, source, look, plan, loaded);
    loaded.not_finite = std::ranges::count_if(loaded.values.values(), [](float v) { return std::isnan(v) || v == INFINITY; });
    return loaded;
}

}  // namespace saccade
