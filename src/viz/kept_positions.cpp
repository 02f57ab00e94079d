#include "viz/kept_positions.hpp"

#include <algorithm>

#include "viz/layout.hpp"
#include "viz/remembered.hpp"

namespace saccade {

namespace {

/// The focus where its position stands among those that are kept; gone if it is left out.
void move_among(Focus& focus, const std::string& axis, const std::vector<Index>& kept) {
    const auto mark = focus.marks.find(axis);
    if (mark == focus.marks.end()) return;
    const auto at = std::lower_bound(kept.begin(), kept.end(), mark->second);
    if (at == kept.end() || *at != mark->second)
        focus.marks.erase(mark);
    else
        mark->second = at - kept.begin();
}

AxisPtr shortened(const Axis& axis, const std::vector<Index>& kept) {
    Axis shown = axis;
    shown.extent = static_cast<Index>(kept.size());
    shown.labels.clear();
    for (const Index i : kept)
        if (static_cast<std::size_t>(i) < axis.labels.size()) shown.labels.push_back(axis.labels[static_cast<std::size_t>(i)]);
    return std::make_shared<const Axis>(std::move(shown));
}

/// Of the positions that are shown, which may be words, to those of the tensor.
std::vector<Index> through(const std::vector<Index>& map, std::vector<Index> kept) {
    for (Index& i : kept) i = map.empty() ? i : map[static_cast<std::size_t>(i)];
    return kept;
}

}  // namespace

Tensor<float> kept_positions(const Tensor<float>& values, const std::vector<Index>& rows, const std::vector<Index>& cols) {
    const Index all_rows = values.shape()[0], all_cols = values.shape()[1];
    const Index n = rows.empty() ? all_rows : static_cast<Index>(rows.size()),
                m = cols.empty() ? all_cols : static_cast<Index>(cols.size());
    auto kept = Tensor<float>::uninitialized(Shape{n, m});
    float* to = kept.data();
    for (Index r = 0; r < n; ++r) {
        const float* from = values.data() + (rows.empty() ? r : rows[static_cast<std::size_t>(r)]) * all_cols;
        for (Index c = 0; c < m; ++c) *to++ = from[cols.empty() ? c : cols[static_cast<std::size_t>(c)]];
    }
    return kept;
}

std::string shown_of(const Axis& shown, const PartAxis& part) {
    if (shown.is_cut()) return " " + part_text(shown);
    if (!part.axis || part.axis->part.whole > 0 || shown.extent >= part.whole) return {};
    return " " + std::to_string(shown.extent) + " of " + std::to_string(part.whole);
}

AxisPtr part_of_axis(const Axis& axis, const std::vector<Index>& kept) {
    Axis shown = *shortened(axis, kept);
    // Where the positions have no names they keep their numbers.
    if (axis.labels.empty())
        for (const Index i : kept) shown.labels.push_back(std::to_string(axis.at(i) + 1));
    const bool neighbours = kept.back() - kept.front() + 1 == static_cast<Index>(kept.size());
    if (neighbours) shown.part = {axis.at(kept.front()), axis.part.each, axis.whole(), axis.part.labels};
    return std::make_shared<const Axis>(std::move(shown));
}

PartAxis part_axis(const AxisPtr& axis, Index all, const std::vector<Index>& map, const std::vector<Index>& kept,
                   PartAxis::Runs runs) {
    if (axis->part.whole > 0) {
        if (!map.empty() || !kept.empty()) return {};
        return {axis, runs, axis->at(0), axis->end(), axis->whole()};
    }
    if (kept.empty()) return {axis, runs, 0, all, all, map};
    return {axis, runs, kept.front(), kept.back() + 1, all, map};
}

std::optional<PartPlace> part_place(const Box& map, std::vector<PartAxis> axes, const TraceTensor& tensor) {
    if (axes.empty() || std::ranges::any_of(axes, [](const PartAxis& one) { return one.axis == nullptr; })) return {};
    PartPlace place{map, {}, std::move(axes)};
    const auto of_run = [](const PartAxis& one) { return one.axis->part.whole > 0; };
    if (!place.is_of_run() && std::ranges::any_of(place.axes, of_run)) return {};
    for (const AxisPtr& axis : tensor.info.axes)
        if (std::ranges::none_of(place.axes, [&](const PartAxis& one) { return one.axis == axis; }))
            place.others.push_back(axis);
    return place;
}

void keep_positions(Slice& slice, ViewState& state, const std::vector<Index>& rows, const std::vector<Index>& cols) {
    if (rows.empty() && cols.empty()) return;
    const auto kept = [&](const Tensor<float>& values) {
        // Known again in the next frame, so that a picture of it is not made anew.
        const std::string what =
            state.memo == nullptr ? "" : "positions " + positions_text(rows) + " / " + positions_text(cols);
        return *remembered<Tensor<float>>(state.memo, values, what, [&] { return kept_positions(values, rows, cols); });
    };
    slice.values = kept(slice.values);
    if (!slice.computed.empty()) slice.computed = kept(slice.computed);
    const AxisPtr row = slice.row(), col = slice.col();
    for (Focus* focus : {&state.selected, &state.hovered}) {
        if (!rows.empty()) move_among(*focus, row->name, rows);
        if (!cols.empty() && (row == nullptr || col->name != row->name)) move_among(*focus, col->name, cols);
    }
    if (!rows.empty()) {
        slice.row_map = through(slice.row_map, rows);
        slice.shown_row = shortened(*row, rows);
    }
    if (!cols.empty()) {
        slice.col_map = through(slice.col_map, cols);
        slice.shown_col = shortened(*col, cols);
    }
}

std::vector<Index> asked_positions(const ViewState& state, const Axis& axis, const std::vector<Index>& map) {
    const auto found = state.options.positions.find(axis.name);
    if (found == state.options.positions.end()) return {};
    const std::vector<Index>& asked = found->second;
    std::vector<Index> kept;
    for (Index i = 0; i < axis.extent; ++i)
        if (std::ranges::binary_search(asked, map.empty() ? i : map[static_cast<std::size_t>(i)])) kept.push_back(i);
    if (static_cast<Index>(kept.size()) == axis.extent) kept.clear();
    return kept;
}

void show_part(Slice& slice, ViewState& state) {
    const AxisPtr row = slice.row(), col = slice.col();
    if (!row || !col || row->kind == AxisKind::y) return;  // a picture is looked at whole
    const auto of_tensor = [&](int axis) { return slice.tensor->info.axes[static_cast<std::size_t>(axis)]; };
    const std::vector<Index> rows = asked_positions(state, *row, slice.row_map),
                             cols = asked_positions(state, *col, slice.col_map);
    slice.row_part = part_axis(of_tensor(slice.row_axis), row->extent, slice.row_map, rows, PartAxis::Runs::down);
    slice.col_part = part_axis(of_tensor(slice.col_axis), col->extent, slice.col_map, cols, PartAxis::Runs::across);
    if (rows.empty() && cols.empty()) return;
    slice.all = slice.values;
    keep_positions(slice, state, rows, cols);
    if (!rows.empty()) slice.shown_row = part_of_axis(*row, rows);
    if (!cols.empty()) slice.shown_col = part_of_axis(*col, cols);
}

namespace {

/// Where only the axes are asked about.
class AnyMeasure : public TextMeasure {
 public:
    double width(const std::string& text, double size, Font) const override {
        return 0.6 * size * static_cast<double>(text.size());
    }
    double ascent(double size, Font) const override { return size; }
    double descent(double size, Font) const override { return size / 4; }
};

/// The axes that the state's view draws down and across, as its figure says; null where it does not leave positions out.
std::array<AxisPtr, 2> plane_axes(const ViewState& state, const Trace& trace) {
    ViewState whole = state;
    whole.options.positions.clear();
    const Figure figure = view(state.view).layout(trace, whole, AnyMeasure());
    if (figure.parts.empty()) return {};
    const std::vector<PartAxis>& axes = figure.parts.front().axes;
    return {axes.size() > 1 ? axes[1].axis : nullptr, axes[0].axis};
}

}  // namespace

bool chooses_positions(const ViewState& state, const Trace& trace) {
    return plane_axes(state, trace)[1] != nullptr;
}

void choose_positions(ViewState& state, const Trace& trace, const std::string& rows, const std::string& columns) {
    if (rows.empty() && columns.empty()) return;
    const std::array<AxisPtr, 2> axes = plane_axes(state, trace);
    const auto choose = [&](const AxisPtr& axis, const std::string& text, const char* which) {
        if (text.empty()) return;
        if (!axis)
            throw Error(ErrorCode::usage, std::string("the view ") + state.view + " has no " + which + " to choose from",
                        "leave it out, or choose the view heatmap, head-grid or flow");
        std::vector<Index> positions = positions_from(text);
        if (!positions.empty() && positions.back() >= axis->extent)
            throw Error(ErrorCode::usage,
                        "there is no position " + std::to_string(positions.back() + 1) + ": " + axis->name + " has " +
                            std::to_string(axis->extent),
                        "choose from 1 to " + std::to_string(axis->extent));
        if (positions.empty())
            state.options.positions.erase(axis->name);
        else
            state.options.positions[axis->name] = std::move(positions);
    };
    choose(axes[0], rows, "rows");
    choose(axes[1], columns, "columns");
}

std::array<std::string, 2> chosen_positions(const ViewState& state, const Trace& trace) {
    std::array<std::string, 2> texts;
    if (state.options.positions.empty()) return texts;
    const std::array<AxisPtr, 2> axes = plane_axes(state, trace);
    for (std::size_t i = 0; i < 2; ++i) {
        if (!axes[i]) continue;
        const auto found = state.options.positions.find(axes[i]->name);
        if (found != state.options.positions.end()) texts[i] = positions_text(found->second);
    }
    return texts;
}

}  // namespace saccade
