#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// Where the state stands on an axis: the transport's step, else the selection, else none.
std::optional<Index> position_on(const ViewState& state, const AxisPtr& axis);

/// The part of a tensor of any rank that a plane figure shows: two axes (or one) run, the rest are fixed where the state
/// stands.
struct Slice {
    const TraceTensor* tensor = nullptr;
    /// Holds the tensor if it is none of the trace but what an analysis makes of one (viz/derived.hpp); else null.
    std::shared_ptr<const TraceTensor> derived;
    int row_axis = -1, col_axis = -1;  // in the tensor; row_axis -1: the tensor has one axis, or only one was asked for
    std::vector<Index> fixed;          // -1 at the running axes
    Tensor<float> values;              // [rows, cols], or [cols]; NaN where a mask hides them (viz/masked.hpp)
    Tensor<float> computed;            // the same as computed; empty: a mask hides nothing of it
    std::string where;                 // "layer 3, head 5": the fixed axes, counted from 1; empty if none
    // Where positions are left out: the axes without them, and for each position as shown the one in the tensor.
    AxisPtr shown_row, shown_col;         // null: all of it
    std::vector<Index> row_map, col_map;  // empty: the same
    // Where the state asks for some of the positions (viz/kept_positions.hpp): which, and the values at all of them.
    PartAxis row_part, col_part;  // axis null: nobody asked
    Tensor<float> all;            // empty: these are all

    AxisPtr row() const {
        return shown_row ? shown_row : row_axis < 0 ? nullptr : tensor->info.axes[static_cast<std::size_t>(row_axis)];
    }
    AxisPtr col() const {
        return shown_col ? shown_col : col_axis < 0 ? nullptr : tensor->info.axes[static_cast<std::size_t>(col_axis)];
    }
};

/// Rows: query or y if the tensor has such an axis, else the last but one; columns: key or x, else the last. Rank 1 gives [1,
/// n] with row_axis -1. Error{invalid_input} if there is nothing to show (rank 0 or an extent of 0).
Slice plane_of(const TraceTensor& tensor, const ViewState& state);
/// The last axis runs; axes without a position stand at their last place if they are the steps of the exhibit or queries, else
/// at the first.
Slice row_of(const TraceTensor& tensor, const ViewState& state);

/// Values of such tensors lie in [0, 1] by definition.
bool is_unit_interval(Role role);
/// And are read against 1: not among thousands of keys, each of which has next to nothing.
bool is_read_against_one(const TraceTensor& tensor);
/// Where many of its cells share a pixel, is the largest of them shown, so that no peak is lost? Of weights, and of blocks of
/// them.
bool keeps_peaks(const TraceTensor& tensor);
/// Does it have a finite negative value?
bool has_negative(const Tensor<float>& values);
/// The cell of a plane or row slice (row ignored for a row slice), at positions of the tensor.
CellRef cell_of(const Slice& slice, Index row, Index col);

}  // namespace saccade
