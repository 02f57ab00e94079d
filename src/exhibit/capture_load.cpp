#include "exhibit/capture_load.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/printable.hpp"
#include "base/utf8.hpp"
#include "exhibit/capture_plan.hpp"
#include "io/file_stamp.hpp"
#include "tensor/joined_peaks.hpp"

namespace saccade {

namespace {

constexpr Index whole_side = 128;  // cells of the small picture of the whole
constexpr Index whole_from = 64;   // positions: a longer map has it before anybody zooms

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

/// A description that names more or fewer positions than there are is wrong about all of them.
void note_labels(const CaptureSource& source, std::size_t at, std::vector<Note>& notes) {
    const AboutAxis& axis = source.axes[at];
    const auto count = static_cast<Index>(axis.labels.size());
    if (count == 0 || count == source.extents[at]) return;
    // One list that stands for both sides of cross-attention need not fit both.
    const bool position = axis.kind == AxisKind::query || axis.kind == AxisKind::key;
    const int other = position ? source.axis(axis.kind == AxisKind::query ? AxisKind::key : AxisKind::query) : -1;
    if (other >= 0 && source.axes[static_cast<std::size_t>(other)].labels == axis.labels &&
        source.extents[static_cast<std::size_t>(other)] == count)
        return;
    notes.push_back({"tokens",
                     fmt::format("axis '{}' is described by {} labels and has {} positions: they are numbered instead",
                                 shorten(axis.name, 40), count, source.extents[at]),
                     "describe one label a position, or give tokens"});
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

Tensor<float> read_parts(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look,
                         const CapturePlan& plan) {
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
    for (const std::size_t i : kept)
        dims.push_back((plan.range(i).end - plan.range(i).begin + plan.block(i) - 1) / plan.block(i));
    const Shape shape{std::span<const Index>(dims)};
    if (!source.stacked) return capture.file->read(*source.parts[0], part, look.stop).reshape(shape);
    const CaptureRange& of = plan.range(0);
    if (of.end - of.begin > 1 && kept.front() != 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("Axes: '{}' is {} arrays, which run along its first axis: here {}", source.name,
                                source.parts.size(), to_string(source.axes[0].kind)),
                    "name that layer");
    Tensor<float> values = Tensor<float>::uninitialized(shape);
    const Index each = values.size() / (of.end - of.begin);
    for (Index p = of.begin; p < of.end; ++p) {
        const Tensor<float> one = capture.file->read(*source.parts[static_cast<std::size_t>(p)], part, look.stop);
        std::ranges::copy(one.values(), values.data() + (p - of.begin) * each);
    }
    return values;
}

std::string described(const CapturedFile& capture, const CaptureSource& source, const CapturePlan& plan) {
    const FileStamp stamp = stamp_of(capture.file->path());
    return fmt::format("{} {} {} {} {} {}: {} {}", capture.file->path(), stamp.device, stamp.number, stamp.bytes, stamp.seconds,
                       stamp.nanoseconds, source.name, plan.text());
}

/// As read_parts, but of what is kept of the whole (its peaks in blocks, so that zooming does not read a file again), if that
/// is there, or is to be read anyway.
Tensor<float> read_or_join(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look,
                           const CapturePlan& plan) {
    const std::optional<CapturePlan> of_kept = look.reuse != nullptr && look.peaks ? plan.of_kept() : std::nullopt;
    if (!of_kept) return read_parts(capture, source, look, plan);
    const std::string of = described(capture, source, *of_kept);
    struct Kept {
        std::string of;
        Tensor<float> values;
    };
    auto kept = look.reuse->find<Kept>("capture.blocks");
    if (kept == nullptr || kept->of != of) {
        if (!plan.all_of(AxisKind::query) || !plan.all_of(AxisKind::key)) return read_parts(capture, source, look, plan);
        kept = std::make_shared<const Kept>(Kept{of, read_parts(capture, source, look, *of_kept)});
        look.reuse->keep("capture.blocks", kept, static_cast<std::size_t>(kept->values.size()) * sizeof(float));
    }
    JoinedPart part;
    const auto along = [&](AxisKind kind, Index& first, Index& count, Index& join) {
        const auto axis = static_cast<std::size_t>(source.axis(kind));
        const Index base = of_kept->block(axis);
        first = plan.range(axis).begin / base;
        count = (plan.range(axis).end + base - 1) / base - first;
        join = plan.block(axis) / base;
    };
    along(AxisKind::query, part.row, part.rows, part.row_join);
    along(AxisKind::key, part.col, part.cols, part.col_join);
    return joined_peaks(kept->values, part);
}

/// What of a longer axis is shown, so that it can be moved.
AxisPart part_of(const AboutAxis& axis, const std::vector<std::string>& tokens, Index extent, const CaptureRange& range,
                 Index block) {
    AxisPart part{range.begin, block, extent};
    const std::vector<std::string>& all = tokens.empty() ? axis.labels : tokens;
    if (static_cast<Index>(all.size()) != extent) return part;
    auto labels = std::make_shared<std::vector<std::string>>();
    for (const std::string& label : all) labels->push_back(printable(label));
    part.labels = std::move(labels);
    return part;
}

}  // namespace

LoadedCapture load_capture(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look) {
    CapturePlan plan(source, look);
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
        if (!fit) note_labels(source, axis, loaded.notes);
        loaded.axes.push_back(
            {axis_name(source, axis, loaded.axes), described.kind, (range.end - range.begin + block - 1) / block,
             labels_of(described, fit ? tokens : none, source.extents[axis], range, block), symbol_of_axis(described.kind),
             part_of(described, fit ? tokens : none, source.extents[axis], range, block)});
        if (described.kind == AxisKind::query) loaded.query_block = block;
        if (described.kind == AxisKind::key) loaded.key_block = block;
    }
    loaded.values = read_or_join(capture, source, look, plan);
    loaded.not_finite = std::ranges::count_if(loaded.values.values(), [](float v) { return std::isnan(v) || v == INFINITY; });
    return loaded;
}

std::optional<LoadedCapture> load_whole(const CapturedFile& capture, const CaptureSource& source, const CaptureLook& look,
                                        const LoadedCapture& part) {
    struct Kept {
        std::string of;
        LoadedCapture whole;
    };
    if (!source.attends() || std::ranges::none_of(part.axes, [](const Axis& axis) {
            return (axis.kind == AxisKind::query || axis.kind == AxisKind::key) && (axis.is_cut() || axis.whole() > whole_from);
        }))
        return std::nullopt;
    CaptureLook all = look;
    all.side = whole_side;
    all.tokens = {};
    double values = 1;
    for (const Axis& axis : part.axes) {
        const bool position = axis.kind == AxisKind::query || axis.kind == AxisKind::key;
        if (position)
            all.part.erase(axis.kind);
        else
            all.part[axis.kind] = {axis.at(0), axis.end()};
        values *= static_cast<double>(position ? axis.whole() : axis.extent);
    }
    if (values > static_cast<double>(most_read)) return std::nullopt;
    const std::string of = described(capture, source, CapturePlan(source, all)) + (all.peaks ? " peaks" : " means");
    auto kept = look.reuse != nullptr ? look.reuse->find<Kept>("capture.whole") : nullptr;
    if (kept == nullptr || kept->of != of) {
        kept = std::make_shared<const Kept>(Kept{of, load_capture(capture, source, all)});
        if (look.reuse != nullptr)
            look.reuse->keep("capture.whole", kept, static_cast<std::size_t>(kept->whole.values.size()) * sizeof(float));
    }
    LoadedCapture whole = kept->whole;
    for (Axis& axis : whole.axes)
        if (axis.kind == AxisKind::query || axis.kind == AxisKind::key) axis.labels.clear();
    return whole;
}

}  // namespace saccade
