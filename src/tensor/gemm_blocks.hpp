#pragma once

// What gemm (gemm.cpp) and matrices that are laid out (gemm_packed.cpp) are both computed by: products cut into blocks,
// panels and tiles for the inner loops of gemm_kernel.hpp, and into pieces for the threads.

#include <algorithm>
#include <array>
#include <utility>

#include "base/parallel.hpp"
#include "tensor/gemm_kernel.hpp"

namespace saccade::gemm_kernel {

/// A product with its extents: a [m, k], or [k, m] if transposed, and so on.
template <class T>
struct Product {
    MatrixView<const T> a, b;
    MatrixView<T> c;
    Index k;
    GemmForm form;

    /// Columns (rows) [start, start + count) of the result.
    Product columns(Index start, Index count) const {
        Product part = *this;
        part.b.data += form.transpose_b ? start * b.stride : start;
        part.c.data += start;
        part.c.cols = count;
        return part;
    }
    Product rows(Index start, Index count) const {
        Product part = *this;
        part.a.data += form.transpose_a ? start : start * a.stride;
        part.a.cols -= form.transpose_a ? start : 0;  // what may be read of a row
        part.c.data += start * c.stride;
        part.c.rows = count;
        return part;
    }
    const T* a_at(Index row, Index k0) const {
        return form.transpose_a ? a.data + k0 * a.stride + row : a.data + row * a.stride + k0;
    }
};

/// Rows of a and a block of k, as the kernels read them.
template <class T>
void copy_a(const Product<T>& p, Index row, Index rows, Index k0, Index depth, T* to, Index to_stride) {
    const T* const from = p.a_at(row, k0);
    if (p.form.transpose_a) return copy_transposed(from, p.a.stride, depth, rows, p.a.cols - row, to, to_stride);
    for (Index i = 0; i < rows; ++i) std::copy_n(from + i * p.a.stride, depth, to + i * to_stride);
}

/// Rows [k0, k0 + depth) of op(b)'s columns [start, start + cols), cols <= panel_width, as a panel; zeros beyond.
template <class T>
void pack_panel(const MatrixView<const T>& b, bool transposed, Index k0, Index depth, Index start, Index cols, T* to) {
    constexpr Index width = panel_width<T>;
    if (cols < width) std::fill_n(to, depth * width, T(0));
    if (transposed) return copy_transposed(b.data + start * b.stride + k0, b.stride, cols, depth, depth, to, width);
    const T* from = b.data + k0 * b.stride + start;
    for (Index k = 0; k < depth; ++k) std::copy_n(from + k * b.stride, cols, to + k * width);
}

template <class T, class B>
using TileKernel = void (*)(const T*, const B*, Index, T*, Index, Index, bool);

template <class T, class B, int Vectors, int... Rows>
constexpr std::array<TileKernel<T, B>, sizeof...(Rows)> tile_kernels(std::integer_sequence<int, Rows...>) {
    return {multiply_tile<T, B, Rows + 1, Vectors>...};
}

/// A tile of c, `cols` <= panel_width wide, from copied rows of a and a panel, or b itself where whole vectors may be read.
template <class T, class B>
void tile(const T* a, const B* b, Index b_stride, T* c, Index c_stride, Index rows, Index cols, Index depth, bool accumulate) {
    constexpr Index width = panel_width<T>, half = simd::lanes<T>;
    static constexpr auto wide = tile_kernels<T, B, panel_vectors>(std::make_integer_sequence<int, tile_rows>());
    static constexpr auto narrow = tile_kernels<T, B, 1>(std::make_integer_sequence<int, tile_rows>());
    const auto kernel = (cols > half ? wide : narrow)[static_cast<std::size_t>(rows - 1)];
    if (cols == width || cols == half) return kernel(a, b, b_stride, c, c_stride, depth, accumulate);
    alignas(64) T part[tile_rows * panel_width<T>];
    if (accumulate) {
        for (Index i = 0; i < rows; ++i) {
            std::copy_n(c + i * c_stride, cols, part + i * width);
            std::fill_n(part + i * width + cols, width - cols, T(0));
        }
    }
    kernel(a, b, b_stride, part, width, depth, accumulate);
    for (Index i = 0; i < rows; ++i) std::copy_n(part + i * width, cols, c + i * c_stride);
}

// Compiled in gemm.cpp.
extern template void tile(const float*, const float*, Index, float*, Index, Index, Index, Index, bool);
extern template void tile(const double*, const double*, Index, double*, Index, Index, Index, Index, bool);

/// Calls body(row, count) for tiles of about the same height.
template <class Body>
void for_tiles(Index rows, const Body& body) {
    const Index tiles = (rows + tile_rows - 1) / tile_rows;
    for (Index t = 0, row = 0; t < tiles; ++t) {
        const Index count = rows / tiles + (t < rows % tiles ? 1 : 0);
        body(row, count);
        row += count;
    }
}

/// c (+)= a b for a block of k in which b is packed: panels `panel_stride` apart.
template <class T, class B>
void multiply_panels(const Product<T>& p, Index k0, Index depth, const B* panels, Index panel_stride, bool accumulate) {
    alignas(64) T a[tile_rows * a_stride<T>];
    for_tiles(p.c.rows, [&](Index row, Index rows) {
        copy_a(p, row, rows, k0, depth, a, a_stride<T>);
        const B* panel = panels;
        for (Index col = 0; col < p.c.cols; col += panel_width<T>, panel += panel_stride) {
            tile(a, panel, panel_width<T>, p.c.data + row * p.c.stride + col, p.c.stride, rows,
                 std::min(panel_width<T>, p.c.cols - col), depth, accumulate);
        }
    });
}

/// The sum of no products.
template <class T>
void multiply_nothing(const Product<T>& p) {
    for (Index i = 0; !p.form.accumulate && i < p.c.rows; ++i) std::fill_n(p.c.data + i * p.c.stride, p.c.cols, T(0));
}

/// How many pieces an extent falls into if each is to have about `wanted`, at least `least`, and what they measure.
inline Index piece_extent(Index extent, Index pieces, Index grain) {
    return ((extent + pieces - 1) / pieces + grain - 1) / grain * grain;
}

/// A product c [m, n] over k in pieces for the threads. Waking a helper costs some microseconds: only what takes far longer is
/// cut. Columns first, since each piece packs its own part of b; rows where columns are too few. Several pieces per thread, for
/// a core that is slower or busy elsewhere.
class Cut {
 public:
    Cut(Index m, Index n, Index k) : m_(m), n_(n), piece_rows_(std::max<Index>(m, 1)), piece_cols_(std::max<Index>(n, 1)) {
        constexpr Index worth_cutting = Index{1} << 20, rows_a_reading_takes = 2, width = panel_width<float>;
        // A product of few rows takes as long as it takes to read b, whatever is computed with it.
        const Index wanted = std::min<Index>(std::max(m, rows_a_reading_takes) * n * k / worth_cutting, 6 * thread_count());
        if (wanted < 2 || thread_count() == 1) return;
        const Index least_columns = m <= tile_rows ? width : 4 * width;
        const Index col_pieces = std::clamp<Index>(n / least_columns, 1, wanted);
        const Index row_pieces = std::clamp<Index>(m / (4 * tile_rows), 1, (wanted + col_pieces - 1) / col_pieces);
        piece_cols_ = piece_extent(n, col_pieces, width);
        piece_rows_ = piece_extent(m, row_pieces, tile_rows);
    }
    Index pieces() const { return columns() * ((m_ + piece_rows_ - 1) / piece_rows_); }

    struct Piece {
        Index row, rows, col, cols;
    };
    Piece piece(Index i) const {
        const Index row = i / columns() * piece_rows_, col = i % columns() * piece_cols_;
        return {row, std::min(piece_rows_, m_ - row), col, std::min(piece_cols_, n_ - col)};
    }

 private:
    Index columns() const { return (n_ + piece_cols_ - 1) / piece_cols_; }

    Index m_, n_, piece_rows_, piece_cols_;
};

}  // namespace saccade::gemm_kernel
