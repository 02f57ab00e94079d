#include "viz/bar_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/translate.hpp"
#include "trace/untouched.hpp"
#include "viz/attention_plane.hpp"
#include "viz/layout.hpp"
#include "viz/masked.hpp"
#include "viz/touched.hpp"

namespace saccade {

namespace {

constexpr float least_change = 5e-4f;                 // a smaller one does not show in a number
constexpr double bar_line = 20, least_bar_line = 15;  // logical px of a named bar: with room, and at least
constexpr Index most_ranked_bars = 40;

Tensor<float> values_before(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    const TraceTensor* was = trace.find(untouched_name(tensor.info.name));
    return was != nullptr && was->info.axes == tensor.info.axes ? row_of(*was, state).values : Tensor<float>();
}

/// Logical px that the bars have of the state's height, about: without title and captions.
double room_for_bars(const ViewState& state) {
    return (state.height / state.text_scale) - (state.decorations ? 84 : 24);
}

/// The positions that are largest, now or before, the largest now first.
std::vector<Index> likeliest_positions(const BarRow& row, std::size_t count) {
    const auto finite = [](float v) { return std::isfinite(v) ? v : 0.0f; };
    const float* const now = row.slice.values.data();
    const float* const before = row.before.empty() ? now : row.before.data();
    std::vector<Index> order(static_cast<std::size_t>(row.slice.values.size()));
    std::iota(order.begin(), order.end(), Index{0});
    count = std::min(count, order.size());
    const auto by = [](const auto& height) {
        return [height](Index a, Index b) { return height(a) != height(b) ? height(a) > height(b) : a < b; };
    };
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                      by([=](Index i) { return std::max(finite(now[i]), finite(before[i])); }));
    order.resize(count);
    std::sort(order.begin(), order.end(), by([=](Index i) { return finite(now[i]); }));
    return order;
}

Tensor<float> at_positions(const Tensor<float>& all, const std::vector<Index>& positions) {
    if (all.empty()) return {};
    Tensor<float> some(Shape{static_cast<Index>(positions.size())});
    for (std::size_t i = 0; i < positions.size(); ++i) some.data()[i] = all.data()[positions[i]];
    return some;
}

/// The focus, where its position on the axis is one of those that are shown.
void move_focus(Focus& focus, const std::string& axis, const std::vector<Index>& positions) {
    const auto mark = focus.marks.find(axis);
    if (mark == focus.marks.end()) return;
    const auto at = std::ranges::find(positions, mark->second);
    if (at == positions.end())
        focus.marks.erase(mark);
    else
        mark->second = at - positions.begin();
}

void keep_likeliest(BarRow& row, std::size_t count) {
    Slice& slice = row.slice;
    const AxisPtr all = slice.col();
    const std::vector<Index> positions = likeliest_positions(row, count);
    double all_together = 0, shown_together = 0;
    for (const float v : slice.values.values()) all_together += std::isfinite(v) ? static_cast<double>(v) : 0;
    Axis shown{all->name, all->kind, static_cast<Index>(positions.size()), {}, all->symbol};
    for (const Index i : positions) {
        shown.labels.push_back(all->label(i));
        shown_together += static_cast<double>(slice.values.data()[i]);
    }
    row.caption += (row.caption.empty() ? "" : " · ") + tr("{} likeliest of {}", positions.size(), all->extent);
    // Of a list of the likeliest the others are not all others.
    if (std::abs(all_together - 1) < 1e-3)
        row.caption += " · " + tr("the others together {}", share_text(std::max(all_together - shown_together, 0.0)));
    slice.values = at_positions(slice.values, positions);
    slice.computed = {};
    row.before = at_positions(row.before, positions);
    slice.shown_col = std::make_shared<const Axis>(std::move(shown));
    slice.col_map = positions;
    row.ranked = true;
    move_focus(row.state.selected, all->name, positions);
    move_focus(row.state.hovered, all->name, positions);
}

}  // namespace

bool BarRow::changed(Index i) const {
    if (before.empty()) return false;
    const float now = slice.values.data()[i], was = before.data()[i];
    return std::isfinite(now) && std::isfinite(was) && std::abs(now - was) >= least_change;
}

bool BarRow::any_changed() const {
    for (Index i = 0; i < before.size(); ++i)
        if (changed(i)) return true;
    return false;
}

BarRow whole_bar_row(const Trace& trace, const TraceTensor& tensor, const ViewState& given) {
    ViewState state = given;
    state.options.positions.clear();  // the row is the one in focus, wherever it is
    AttentionPlane plane = attention_plane(trace, tensor, state);
    if (!plane.slice.derived && plane.slice.col_map.empty()) {
        BarRow row{row_of(tensor, state), {}, {}, state, tensor.info.role, values_before(trace, tensor, state)};
        row.caption = block_said(row.slice);
        hide_masked(trace, tensor, row.slice, state.memo);
        return row;
    }
    Slice& slice = plane.slice;
    const AxisPtr queries = slice.row();
    const Index at = position_on(plane.state, queries).value_or(queries->extent - 1);
    slice.where += (slice.where.empty() ? "" : ", ") + position_text(*queries, at);
    slice.fixed[static_cast<std::size_t>(slice.row_axis)] =
        slice.row_map.empty() ? at : slice.row_map[static_cast<std::size_t>(at)];
    slice.values = slice.values.row(at);
    if (!slice.computed.empty()) slice.computed = slice.computed.row(at);
    slice.row_axis = -1;
    slice.shown_row = nullptr;
    return {slice, plane.caption(), {}, plane.state, tensor.info.role};
}

BarRow bar_row(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    BarRow row = whole_bar_row(trace, tensor, state);
    const Axis& axis = *row.slice.col();
    const double room = room_for_bars(state);
    const bool many = static_cast<double>(axis.extent) * least_bar_line > room;
    const bool classes = row.role == Role::probabilities && axis.kind == AxisKind::class_ && !axis.labels.empty();
    const auto lines = std::min(static_cast<Index>(std::max(room, 0.0) / bar_line), most_ranked_bars);
    if (classes && many && lines >= 2) keep_likeliest(row, static_cast<std::size_t>(lines));
    if (row.any_changed()) row.legend = tr("mark: before the change");
    return row;
}

}  // namespace saccade
