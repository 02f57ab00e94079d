#include "tensor/gemm.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"
#include "tensor/storage.hpp"

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
ConstMap<T> map(const MatrixView<const T>& x) {
    return {x.data, x.rows, x.cols, Eigen::OuterStride<>(x.stride)};
}

template <class C, class Product>
void store(C&& c, const Product& product, bool accumulate) {
    if (accumulate) {
        c.noalias() += product;
    } else {
        c.noalias() = product;
    }
}

/// One row times a matrix: Eigen's matrix-vector kernels read the matrix once, without packing it. Elements of the result are
/// `step` apart.
template <class T>
void multiply_row(const MatrixView<const T>& a, const MatrixView<const T>& b, T* result, Index size, Index step,
                  GemmForm form) {
    using Stride = Eigen::InnerStride<>;
    const Eigen::Map<const RowVector<T>, Eigen::Unaligned, Stride> row(a.data, form.transpose_a ? a.rows : a.cols,
                                                                       Stride(form.transpose_a ? a.stride : 1));
    const auto multiply = [&](auto&& to) {
        if (form.transpose_b) {
            store(to.transpose(), map(b) * row.transpose(), form.accumulate);
        } else {
            store(to, row * map(b), form.accumulate);
        }
    };
    if (step == 1) {
        multiply(Eigen::Map<RowVector<T>>(result, size));
    } else {
        multiply(Eigen::Map<RowVector<T>, Eigen::Unaligned, Stride>(result, size, Stride(step)));
    }
}

/// The few sizes for which packing would cost more than the product.
template <class T>
void multiply_tiny(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form) {
    Map<T> to(c.data, c.rows, c.cols, Eigen::OuterStride<>(c.stride));
    const auto multiply = [&](const auto& left) {
        if (form.transpose_b) {
            store(to, left.lazyProduct(map(b).transpose()), form.accumulate);
        } else {
            store(to, left.lazyProduct(map(b)), form.accumulate);
        }
    };
    if (form.transpose_a) {
        multiply(map(a).transpose());
    } else {
        multiply(map(a));
    }
}

/// Block sizes as Eigen chooses them, with the buffers for packed blocks from our storage: Eigen would take them from malloc,
/// which returns such sizes to the system each time, and faulting them in again costs up to half of a product's time.
template <class T>
class Blocking : public Eigen::internal::level3_blocking<T, T> {
 public:
    Blocking(Index rows, Index cols, Index depth) {
        this->m_mc = rows;
        this->m_nc = cols;
        this->m_kc = depth;
        Eigen::internal::computeProductBlockingSizes<T, T>(this->m_kc, this->m_mc, this->m_nc);
        constexpr Index line = 64 / static_cast<Index>(sizeof(T));
        const Index size_a = (this->m_kc * this->m_mc + line - 1) / line * line;
        buffer_ = allocate_storage<T>(static_cast<std::size_t>(size_a + this->m_kc * this->m_nc));
        this->m_blockA = buffer_.get();
        this->m_blockB = buffer_.get() + size_a;
    }

 private:
    std::shared_ptr<T[]> buffer_;
};

/// c += a b through Eigen's blocked kernel, which writes column-major results: so c^T += b^T a^T, where what is row-major here
/// is column-major there.
template <class T, int OrderA, int OrderB>
void multiply_blocked(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, Index depth) {
    using Kernel =
        Eigen::internal::general_matrix_matrix_product<Eigen::Index, T, OrderB, false, T, OrderA, false, Eigen::ColMajor, 1>;
    Blocking<T> blocking(c.cols, c.rows, depth);
    Kernel::run(c.cols, c.rows, depth, b.data, b.stride, a.data, a.stride, c.data, 1, c.stride, T(1), blocking, nullptr);
}

template <class T>
void multiply_serial(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, Index depth,
                     GemmForm form) {
    if (c.rows == 1) return multiply_row(a, b, c.data, c.cols, 1, form);
    if (c.cols == 1) {
        const GemmForm swapped{!form.transpose_b, !form.transpose_a, form.accumulate};
        return multiply_row(b, a, c.data, c.rows, c.stride, swapped);
    }
    if (c.rows + c.cols + depth < 20) return multiply_tiny(a, b, c, form);
    if (!form.accumulate) {
        for (Index i = 0; i < c.rows; ++i) std::fill_n(c.data + i * c.stride, c.cols, T(0));
    }
    constexpr int plain = Eigen::ColMajor, transposed = Eigen::RowMajor;
    if (form.transpose_a && form.transpose_b) {
        multiply_blocked<T, transposed, transposed>(a, b, c, depth);
    } else if (form.transpose_a) {
        multiply_blocked<T, transposed, plain>(a, b, c, depth);
    } else if (form.transpose_b) {
        multiply_blocked<T, plain, transposed>(a, b, c, depth);
    } else {
        multiply_blocked<T, plain, plain>(a, b, c, depth);
    }
}

/// Rows (or columns, where they are the result's) [start, start + count) of an operand.
template <class T>
MatrixView<T> cut(const MatrixView<T>& x, bool by_row, Index start, Index count) {
    if (by_row) return {x.data + start * x.stride, count, x.cols, x.stride};
    return {x.data + start, x.rows, count, x.stride};
}

/// The extent of pieces of about `target` each, all but the last of the same multiple of `grain`.
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
    if (m * n * k < worth_cutting || m == 1) return multiply_serial(a, b, c, k, form);
    // Smaller pieces for smaller products, so that there are several; larger ones pack less.
    const Index target = m * n < 400 * 400 ? 128 : 256;
    const Index piece_rows = piece_extent(m, target, 16);
    const Index piece_cols = piece_extent(n, target, 16);
    const Index row_pieces = (m + piece_rows - 1) / piece_rows;
    const Index col_pieces = (n + piece_cols - 1) / piece_cols;
    parallel_for(row_pieces * col_pieces, [&](Index i) {
        const Index row = i / col_pieces * piece_rows;
        const Index col = i % col_pieces * piece_cols;
        const Index rows = std::min(piece_rows, m - row);
        const Index cols = std::min(piece_cols, n - col);
        multiply_serial<T>(cut(a, !form.transpose_a, row, rows), cut(b, form.transpose_b, col, cols),
                           {c.data + row * c.stride + col, rows, cols, c.stride}, k, form);
    });
}

template void gemm(const MatrixView<const float>&, const MatrixView<const float>&, const MatrixView<float>&, GemmForm);
template void gemm(const MatrixView<const double>&, const MatrixView<const double>&, const MatrixView<double>&, GemmForm);

}  // namespace saccade
