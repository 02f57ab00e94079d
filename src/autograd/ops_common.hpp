#pragma once

// What the ops share: cutting work into pieces, adding into gradients, errors. For the ops_*.cpp alone.

#include <fmt/core.h>

#include <algorithm>

#include "autograd/var.hpp"
#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

/// Elements a piece of an elementwise operation has: some ten microseconds of work, and a multiple of every vector width.
inline constexpr Index piece_size = Index{1} << 15;

/// Calls body(start, count) for pieces of [0, size), cut by the size alone.
template <class Body>
void for_pieces(Index size, const Body& body, Index piece = piece_size) {
    if (size <= piece) {
        if (size > 0) body(Index{0}, size);
        return;
    }
    parallel_for((size + piece - 1) / piece, [&](Index i) { body(i * piece, std::min(piece, size - i * piece)); });
}

/// Same for rows of `row_size` elements each.
template <class Body>
void for_rows(Index rows, Index row_size, const Body& body) {
    for_pieces(rows, body, std::max<Index>(1, piece_size / std::max<Index>(1, row_size)));
}

/// to = term where the gradient is fresh, to += term where something is there.
template <class T, class Term>
void put(Array<T> to, bool fresh, const Term& term) {
    if (fresh) {
        to = term;
    } else {
        to += term;
    }
}

/// Adds the rows of x [rows, width] to sums [width].
template <class T>
void add_column_sums(const T* x, Index rows, Index width, T* sums) {
    for (Index i = 0; i < rows; ++i) array(sums, width) += array(x + i * width, width);
}

/// Adds term(start, count), an Eigen array expression, to the gradient of a tracked operand, piece by piece.
template <class T, class Term>
void add_to_grad(Tape<T>& tape, int id, const Term& term) {
    if (id < 0) return;
    bool fresh = false;
    Tensor<T>& grad = tape.grad_buffer(id, fresh);
    for_pieces(grad.size(),
               [&](Index start, Index count) { put(array(grad.data() + start, count), fresh, term(start, count)); });
}

inline Error shape_error(const char* operation, const Shape& a, const Shape& b) {
    return Error(ErrorCode::invalid_input, fmt::format("{}: shapes {} and {} do not fit", operation, a.str(), b.str()));
}

inline Error shape_error(const char* operation, const Shape& a, const std::string& why) {
    return Error(ErrorCode::invalid_input, fmt::format("{} of shape {}: {}", operation, a.str(), why));
}

/// The axis counted from the front. Error{invalid_input} names the operation.
inline int positive_axis(const char* operation, const Shape& shape, int axis) {
    const int positive = axis < 0 ? axis + shape.rank() : axis;
    if (positive < 0 || positive >= shape.rank()) throw shape_error(operation, shape, fmt::format("there is no axis {}", axis));
    return positive;
}

/// A tensor seen as [outer, extent, inner] around one axis.
struct AxisView {
    Index outer, extent, inner;
};

inline AxisView view_axis(const Shape& shape, int axis) {
    return {shape.span_size(0, axis), shape[axis], shape.span_size(axis + 1, shape.rank())};
}

/// Rows along the innermost axis; a scalar is one row of one.
struct RowView {
    Index rows, width;
};

inline RowView view_rows(const Shape& shape) {
    if (shape.rank() == 0) return {1, 1};
    return {shape.span_size(0, shape.rank() - 1), shape[-1]};
}

}  // namespace saccade
