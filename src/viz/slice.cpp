#include "viz/slice.hpp"

#include <algorithm>
#include <cmath>

#include "viz/layout.hpp"

namespace saccade {

namespace {

void require_values(const TraceTensor& tensor) {
    if (tensor.values.shape().rank() == 0 || tensor.values.empty())
        throw Error(ErrorCode::invalid_input, tensor.info.name + " " + tensor.values.shape().str() + " has no cells to show",
                    "choose another tensor, or a longer input");
}

int axis_of_kind(const TraceTensor& tensor, AxisKind a, AxisKind b, int except) {
    for (int i = tensor.values.shape().rank() - 1; i >= 0; --i) {
        const AxisKind kind = tensor.info.axes[static_cast<std::size_t>(i)]->kind;
        if (i != except && (kind == a || kind == b)) return i;
    }
    return -1;
}

/// Fixes every axis but the running ones, and says so.
void fix(Slice& slice, const ViewState& state) {
    const auto& axes = slice.tensor->info.axes;
    slice.fixed.assign(axes.size(), -1);
    for (std::size_t i = 0; i < axes.size(); ++i) {
        if (static_cast<int>(i) == slice.row_axis || static_cast<int>(i) == slice.col_axis) continue;
        const bool last =
            axes[i]->name == state.step_axis || axes[i]->kind == AxisKind::query || axes[i]->kind == AxisKind::step;
        slice.fixed[i] = position_on(state, axes[i]).value_or(last ? axes[i]->extent - 1 : 0);
        slice.where += (slice.where.empty() ? "" : ", ") + position_text(*axes[i], slice.fixed[i]);
    }
}

/// Shares the tensor's storage where the running axes are the innermost: the window knows a texture again by its address.
void take_values(Slice& slice) {
    const int rank = slice.tensor->values.shape().rank();
    if (slice.col_axis == rank - 1 && (slice.row_axis == rank - 2 || slice.row_axis < 0)) {
        const int leading = slice.row_axis < 0 ? rank - 1 : rank - 2;
        slice.values = leading > 0 ? slice.tensor->values.row(slice.fixed[0]) : slice.tensor->values.whole();
        for (int i = 1; i < leading; ++i) slice.values = slice.values.row(slice.fixed[static_cast<std::size_t>(i)]);
        if (slice.row_axis < 0) slice.values = slice.values.reshape(Shape{1, slice.values.size()});
        return;
    }
    const Shape& shape = slice.tensor->values.shape();
    std::vector<Index> stride(static_cast<std::size_t>(shape.rank()), 1);
    for (std::size_t i = stride.size() - 1; i > 0; --i) stride[i - 1] = stride[i] * shape[static_cast<int>(i)];
    Index base = 0;
    for (std::size_t i = 0; i < stride.size(); ++i) base += std::max<Index>(slice.fixed[i], 0) * stride[i];
    const Index cols = shape[slice.col_axis], rows = slice.row_axis < 0 ? 1 : shape[slice.row_axis];
    const Index col_stride = stride[static_cast<std::size_t>(slice.col_axis)];
    const Index row_stride = slice.row_axis < 0 ? 0 : stride[static_cast<std::size_t>(slice.row_axis)];
    slice.values = Tensor<float>::uninitialized(Shape{rows, cols});
    // Of what is made when it is looked at, the row that is fixed.
    const bool row = !slice.tensor->values.kept() && slice.fixed[0] >= 0;
    const Tensor<float> of = row ? slice.tensor->values.row(slice.fixed[0]) : slice.tensor->values.whole();
    const float* from = of.data() + base - (row ? slice.fixed[0] * stride[0] : 0);
    float* to = slice.values.data();
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) *to++ = from[r * row_stride + c * col_stride];
}

}  // namespace

std::optional<Index> position_on(const ViewState& state, const AxisPtr& axis) {
    std::optional<Index> position;
    if (state.step >= 0 && !state.step_axis.empty() && axis->name == state.step_axis)
        position = state.step;
    else
        position = state.selected.on(axis);
    // A shorter output than the one that was clicked: stand at its end.
    if (position && axis->extent > 0) position = std::clamp<Index>(*position, 0, axis->extent - 1);
    return position;
}

Slice plane_of(const TraceTensor& tensor, const ViewState& state) {
    require_values(tensor);
    Slice slice;
    slice.tensor = &tensor;
    const int rank = tensor.values.shape().rank();
    if (rank == 1) {
        slice.col_axis = 0;
    } else {
        const int col = axis_of_kind(tensor, AxisKind::key, AxisKind::x, -1);
        const int row = axis_of_kind(tensor, AxisKind::query, AxisKind::y, -1);
        slice.col_axis = col >= 0 ? col : (row == rank - 1 ? rank - 2 : rank - 1);
        slice.row_axis = row >= 0 ? row : (slice.col_axis == rank - 1 ? rank - 2 : rank - 1);
    }
    fix(slice, state);
    take_values(slice);
    return slice;
}

Slice row_of(const TraceTensor& tensor, const ViewState& state) {
    require_values(tensor);
    Slice slice;
    slice.tensor = &tensor;
    slice.col_axis = tensor.values.shape().rank() - 1;
    fix(slice, state);
    take_values(slice);
    slice.values = slice.values.reshape(Shape{slice.values.size()});
    return slice;
}

bool is_unit_interval(Role role) {
    return role == Role::weights || role == Role::gate || role == Role::probabilities;
}

bool is_read_against_one(const TraceTensor& tensor) {
    return is_unit_interval(tensor.info.role) && std::ranges::none_of(tensor.info.axes, &Axis::is_long);
}

bool keeps_peaks(const TraceTensor& tensor) {
    return tensor.info.role == Role::weights || tensor.info.unit == "weight" || is_read_against_one(tensor);
}

bool has_negative(const Tensor<float>& values) {
    const auto all = values.values();
    return std::any_of(all.begin(), all.end(), [](float v) { return std::isfinite(v) && v < 0; });
}

CellRef cell_of(const Slice& slice, Index row, Index col) {
    CellRef ref{slice.tensor->info.name, slice.fixed};
    if (slice.row_axis >= 0) ref.index[static_cast<std::size_t>(slice.row_axis)] = row;
    if (slice.col_axis >= 0) ref.index[static_cast<std::size_t>(slice.col_axis)] = col;
    return ref;
}

}  // namespace saccade
