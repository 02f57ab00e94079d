#include "tensor/gemm.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

namespace saccade {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using Map = Eigen::Map<Matrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using ConstMap = Eigen::Map<const Matrix<T>, Eigen::Unaligned, Eigen::OuterStride<>>;
template <class T>
using RowVector = Eigen::Matrix<T, 1, Eigen::Dynamic>;
template <class T>
using Vector = Eigen::Matrix<T, Eigen::Dynamic, 1>;

template <class C, class Product>
void store(C&& c, const Product& product, bool accumulate) {
    if (accumulate) {
        c.noalias() += product;
    } else {
        c.noalias() = product;
    }
}

/// One row times a matrix: Eigen's matrix-vector kernels read the matrix once, without packing it.
template <class T>
void multiply_row(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form) {
    const Eigen::Map<const RowVector<T>, Eigen::Unaligned, Eigen::InnerStride<>> row(
        a.data, c.cols == 0 ? 0 : (form.transpose_a ? a.rows : a.cols), Eigen::InnerStride<>(form.transpose_a ? a.stride : 1));
    const ConstMap<T> matrix(b.data, b.rows, b.cols, Eigen::OuterStride<>(b.stride));
    Eigen::Map<RowVector<T>> result(c.data, c.cols);
    if (form.transpose_b) {
        store(result.transpose(), matrix * row.transpose(), form.accumulate);
    } else {
        store(result, row * matrix, form.accumulate);
    }
}

template <class T>
void multiply_serial(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form) {
    if (c.rows == 1) return multiply_row(a, b, c, form);
    const ConstMap<T> map_a(a.data, a.rows, a.cols, Eigen::OuterStride<>(a.stride));
    const ConstMap<T> map_b(b.data, b.rows, b.cols, Eigen::OuterStride<>(b.stride));
    Map<T> map_c(c.data, c.rows, c.cols, Eigen::OuterStride<>(c.stride));
    if (form.transpose_a && form.transpose_b) {
        store(map_c, map_a.transpose() * map_b.transpose(), form.accumulate);
    } else if (form.transpose_a) {
        store(map_c, map_a.transpose() * map_b, form.accumulate);
    } else if (form.transpose_b) {
        store(map_c, map_a * map_b.transpose(), form.accumulate);
    } else {
        store(map_c, map_a * map_b, form.accumulate);
    }
}

/// Rows (or columns, where they are the result's) [start, start + count) of an operand.
template <class T>
MatrixView<T> cut(const MatrixView<T>& x, bool by_row, Index start, Index count) {
    if (by_row) return {x.data + start * x.stride, count, x.cols, x.stride};
    return {x.data + start, x.rows, count, x.stride};
}

/// In how many pieces to cut an extent so that each is about `target` and all but the last are multiples of `grain`.
Index piece_extent(Index extent, Index target, Index grain) {
    const Index pieces = std::max<Index>(1, (extent + target / 2) / target);
    const Index even = (extent + pieces - 1) / pieces;
    return (even + grain - 1) / grain * grain;
}

}  // namespace

template <class T>
void gemm(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form) {
    const Index m = form.transpose_a ? a.cols : a.rows;
    const Index k = form.transpose_a ? a.rows : a.cols;
    const Index n = form.transpose_b ? b.rows : b.cols;
    const Index k_b = form.transpose_b ? b.cols : b.rows;
    if (c.rows != m || c.cols != n || k != k_b) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("matrix product [{}, {}] x [{}, {}] into [{}, {}]: extents do not agree", m, k, k_b, n, c.rows,
                                c.cols));
    }
    if (m == 0 || n == 0) return;

    // Waking a helper costs some microseconds, and each piece packs its own operands: cut only what takes far longer.
    constexpr Index worth_cutting = Index{1} << 21;
    if (m * n * k < worth_cutting || m == 1) return multiply_serial(a, b, c, form);
    const Index piece_rows = piece_extent(m, 256, 16);
    const Index piece_cols = piece_extent(n, 256, 16);
    const Index row_pieces = (m + piece_rows - 1) / piece_rows;
    const Index col_pieces = (n + piece_cols - 1) / piece_cols;
    parallel_for(row_pieces * col_pieces, [&](Index i) {
        const Index row = i / col_pieces * piece_rows;
        const Index col = i % col_pieces * piece_cols;
        const Index rows = std::min(piece_rows, m - row);
        const Index cols = std::min(piece_cols, n - col);
        multiply_serial<T>(cut(a, !form.transpose_a, row, rows), cut(b, form.transpose_b, col, cols),
                           {c.data + row * c.stride + col, rows, cols, c.stride}, form);
    });
}

template void gemm(const MatrixView<const float>&, const MatrixView<const float>&, const MatrixView<float>&, GemmForm);
template void gemm(const MatrixView<const double>&, const MatrixView<const double>&, const MatrixView<double>&, GemmForm);

}  // namespace saccade
