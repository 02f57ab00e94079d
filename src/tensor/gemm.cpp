#include "tensor/gemm.hpp"

#include <fmt/core.h>

#include "tensor/gemm_blocks.hpp"
#include "tensor/storage.hpp"

namespace saccade {

template void gemm_kernel::tile(const float*, const float*, Index, float*, Index, Index, Index, Index, bool);
template void gemm_kernel::tile(const double*, const double*, Index, double*, Index, Index, Index, Index, bool);

namespace {

using namespace gemm_kernel;

template <class T>
void multiply_packed(const Product<T>& p) {
    constexpr Index width = panel_width<T>, most_columns = 16 * width;
    const std::shared_ptr<T[]> panels = allocate_storage<T>(static_cast<std::size_t>(
        std::min(block_depth<T>, p.k) * std::min(most_columns, (p.c.cols + width - 1) / width * width)));
    for (Index start = 0; start < p.c.cols; start += most_columns) {
        const Product<T> part = p.columns(start, std::min(most_columns, p.c.cols - start));
        for (Index k0 = 0; k0 < p.k; k0 += block_depth<T>) {
            const Index depth = std::min(block_depth<T>, p.k - k0);
            T* panel = panels.get();
            for (Index col = 0; col < part.c.cols; col += width, panel += depth * width)
                pack_panel(part.b, p.form.transpose_b, k0, depth, col, std::min(width, part.c.cols - col), panel);
            multiply_panels(part, k0, depth, panels.get(), depth * width, p.form.accumulate || k0 > 0);
        }
    }
}

/// At most tile_rows rows of a, b as it lies: each element of b is read once.
template <class T>
void multiply_plain(const Product<T>& p) {
    constexpr Index width = panel_width<T>;
    alignas(64) T a[tile_rows * a_stride<T>], panel[block_depth<T> * panel_width<T>];
    for (Index k0 = 0; k0 < p.k; k0 += block_depth<T>) {
        const Index depth = std::min(block_depth<T>, p.k - k0);
        copy_a(p, 0, p.c.rows, k0, depth, a, a_stride<T>);
        for (Index col = 0; col < p.c.cols; col += width) {
            const Index cols = std::min(width, p.c.cols - col);
            const bool whole = cols == width || cols == simd::lanes<T>;
            if (!whole) pack_panel(p.b, false, k0, depth, col, cols, panel);
            tile(a, whole ? p.b.data + k0 * p.b.stride + col : panel, whole ? p.b.stride : width, p.c.data + col, p.c.stride,
                 p.c.rows, cols, depth, p.form.accumulate || k0 > 0);
        }
    }
}

template <class T>
using TurnedKernel = void (*)(const T*, const T*, Index, T*, Index, Index, Index, bool);

/// Groups for which the chains keep the multiply-add units busy, and the registers suffice.
constexpr int turned_groups(int rows) {
    return rows <= 4 ? 2 : 1;
}

template <class T, int... Rows>
constexpr std::array<TurnedKernel<T>, sizeof...(Rows)> turned_kernels(std::integer_sequence<int, Rows...>) {
    return {multiply_turned<T, Rows + 1, turned_groups(Rows + 1)>...};
}

/// At most turned_rows rows of a, and b transposed.
template <class T>
void multiply_turned(const Product<T>& p) {
    static constexpr auto kernels = turned_kernels<T>(std::make_integer_sequence<int, turned_rows<T>>());
    const Index width = turned_groups(static_cast<int>(p.c.rows)) * simd::lanes<T>;
    const bool as_it_lies = p.c.rows == 1 && !p.form.transpose_a;
    const std::shared_ptr<T[]> copy =
        as_it_lies ? nullptr : allocate_storage<T>(static_cast<std::size_t>(p.c.rows * turned_stride<T>));
    const Index block = as_it_lies ? p.k : turned_depth<T>;
    for (Index k0 = 0; k0 < p.k; k0 += block) {
        const Index depth = std::min(block, p.k - k0);
        if (!as_it_lies) copy_a(p, 0, p.c.rows, k0, depth, copy.get(), turned_stride<T>);
        for (Index col = 0; col < p.c.cols; col += width) {
            kernels[static_cast<std::size_t>(p.c.rows - 1)](
                as_it_lies ? p.a.data : copy.get(), p.b.data + col * p.b.stride + k0, p.b.stride, p.c.data + col, p.c.stride,
                std::min(width, p.c.cols - col), depth, p.form.accumulate || k0 > 0);
        }
    }
}

/// c [m, 1]: its transpose is a row, which vectors can run along.
template <class T>
void multiply_column(const Product<T>& p) {
    const std::shared_ptr<T[]> row = allocate_storage<T>(static_cast<std::size_t>(p.c.rows + p.k));
    T* const factors = row.get() + p.c.rows;
    for (Index k = 0; k < p.k; ++k) factors[k] = p.form.transpose_b ? p.b.data[k] : p.b.data[k * p.b.stride];
    if (p.form.accumulate)
        for (Index i = 0; i < p.c.rows; ++i) row[i] = p.c.data[i * p.c.stride];
    const Product<T> turned{.a = {factors, 1, p.k, p.k},
                            .b = p.a,
                            .c = {row.get(), 1, p.c.rows, p.c.rows},
                            .k = p.k,
                            .form = {.transpose_b = !p.form.transpose_a, .accumulate = p.form.accumulate}};
    if (p.form.transpose_a) {
        multiply_plain(turned);
    } else {
        multiply_turned(turned);
    }
    for (Index i = 0; i < p.c.rows; ++i) p.c.data[i * p.c.stride] = row[i];
}

/// The few sizes for which copying would cost more than the product.
template <class T>
void multiply_tiny(const Product<T>& p) {
    for (Index i = 0; i < p.c.rows; ++i) {
        const T* const a = p.form.transpose_a ? p.a.data + i : p.a.data + i * p.a.stride;
        for (Index j = 0; j < p.c.cols; ++j) {
            const T* const b = p.form.transpose_b ? p.b.data + j * p.b.stride : p.b.data + j;
            T& to = p.c.data[i * p.c.stride + j];
            T sum = p.form.accumulate ? to : T(0);
            for (Index k = 0; k < p.k; ++k) {
                sum = simd::multiply_add(a[p.form.transpose_a ? k * p.a.stride : k], b[p.form.transpose_b ? k : k * p.b.stride],
                                         sum);
            }
            to = sum;
        }
    }
}

template <class T>
void multiply_serial(const Product<T>& p) {
    if (p.k == 0) return multiply_nothing(p);
    if (p.c.rows * p.c.cols * p.k <= 64) return multiply_tiny(p);
    if (p.c.cols == 1 && p.c.rows > 1) return multiply_column(p);
    if (p.form.transpose_b && p.c.rows <= turned_rows<T>) return multiply_turned(p);
    if (!p.form.transpose_b && p.c.rows <= tile_rows) return multiply_plain(p);
    multiply_packed(p);
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
    const Product<T> product{a, b, c, k, form};

    const Cut cut(m, n, k);
    if (cut.pieces() < 2) return multiply_serial(product);
    parallel_for(cut.pieces(), [&](Index i) {
        const auto [row, rows, col, cols] = cut.piece(i);
        multiply_serial(product.columns(col, cols).rows(row, rows));
    });
}

template void gemm(const MatrixView<const float>&, const MatrixView<const float>&, const MatrixView<float>&, GemmForm);
template void gemm(const MatrixView<const double>&, const MatrixView<const double>&, const MatrixView<double>&, GemmForm);

}  // namespace saccade
