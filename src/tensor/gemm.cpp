#include "tensor/gemm.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <type_traits>

#include "base/parallel.hpp"
#include "tensor/gemm_kernel.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

using namespace gemm_kernel;

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
    if (p.k == 0) {
        for (Index i = 0; !p.form.accumulate && i < p.c.rows; ++i) std::fill_n(p.c.data + i * p.c.stride, p.c.cols, T(0));
        return;
    }
    if (p.c.rows * p.c.cols * p.k <= 64) return multiply_tiny(p);
    if (p.c.cols == 1 && p.c.rows > 1) return multiply_column(p);
    if (p.form.transpose_b && p.c.rows <= turned_rows<T>) return multiply_turned(p);
    if (!p.form.transpose_b && p.c.rows <= tile_rows) return multiply_plain(p);
    multiply_packed(p);
}

/// How many pieces an extent falls into if each is to have about `wanted`, at least `least`, and what they measure.
Index piece_extent(Index extent, Index pieces, Index grain) {
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

namespace {

/// The same for a whole k, and at most tile_rows rows: panel after panel, each from its first byte to its last, for here the
/// time is what it takes to read them.
template <class T, class B>
void multiply_few_rows(const Product<T>& p, const B* panels, Index panel_stride) {
    constexpr Index block = block_depth<T>;
    const Index blocks = (p.k + block - 1) / block, block_size = p.c.rows * a_stride<T>;
    const std::shared_ptr<T[]> a = allocate_storage<T>(static_cast<std::size_t>(blocks * block_size));
    for (Index i = 0; i < blocks; ++i)
        copy_a(p, 0, p.c.rows, i * block, std::min(block, p.k - i * block), a.get() + i * block_size, a_stride<T>);
    for (Index col = 0; col < p.c.cols; col += panel_width<T>, panels += panel_stride)
        for (Index i = 0; i < blocks; ++i)
            tile(a.get() + i * block_size, panels + i * block * panel_width<T>, panel_width<T>, p.c.data + col, p.c.stride,
                 p.c.rows, std::min(panel_width<T>, p.c.cols - col), std::min(block, p.k - i * block),
                 p.form.accumulate || i > 0);
}

/// c (+)= a b with b packed: panels of `depth` rows.
template <class T, class B>
void multiply_laid_out(const Product<T>& p, const B* panels, Index depth) {
    const Index panel_stride = depth * panel_width<T>;
    if (p.k == 0) return multiply_serial(p);
    if (p.c.rows <= tile_rows) return multiply_few_rows(p, panels, panel_stride);
    for (Index k0 = 0; k0 < p.k; k0 += block_depth<T>)
        multiply_panels(p, k0, std::min(block_depth<T>, p.k - k0), panels + k0 * panel_width<T>, panel_stride,
                        p.form.accumulate || k0 > 0);
}

/// Is each of these numbers one of 16 bits, exactly?
template <class Narrow>
bool are_all(const MatrixView<const float>& numbers) {
    constexpr Index at_once = 64;
    std::atomic<bool> all = true;
    parallel_for((numbers.rows + at_once - 1) / at_once, [&](Index part) {
        for (Index row = part * at_once; row < std::min(numbers.rows, (part + 1) * at_once) && all; ++row)
            for (Index i = 0; i < numbers.cols; ++i) {
                Narrow narrow{};
                if (simd::narrow(numbers.data[row * numbers.stride + i], narrow)) continue;
                all = false;
                return;
            }
    });
    return all;
}

template <class Narrow>
void make_narrow(const float* numbers, Index size, std::uint16_t* to) {
    for (Index i = 0; i < size; ++i) {
        Narrow narrow{};
        simd::narrow(numbers[i], narrow);
        to[i] = static_cast<std::uint16_t>(narrow);
    }
}

/// Columns [start, start + cols) of op(b), of 16 bits each, as a panel; zeros beyond.
void pack_bits(const MatrixView<const std::uint16_t>& b, bool transposed, Index start, Index cols, Index width,
               std::uint16_t* to) {
    const Index depth = transposed ? b.cols : b.rows;
    if (cols < width) std::fill_n(to, depth * width, std::uint16_t{0});
    if (!transposed) {
        for (Index k = 0; k < depth; ++k) std::copy_n(b.data + k * b.stride + start, cols, to + k * width);
        return;
    }
    // In blocks that stay in the first cache.
    constexpr Index block = 64;
    for (Index k0 = 0; k0 < depth; k0 += block)
        for (Index c = 0; c < cols; ++c) {
            const std::uint16_t* const from = b.data + (start + c) * b.stride;
            for (Index k = k0; k < std::min(depth, k0 + block); ++k) to[k * width + c] = from[k];
        }
}

template <class T>
T widened(std::uint16_t bits, bool bfloat) {
    if (bfloat) return static_cast<T>(std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U));
    return static_cast<T>(Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(bits)));
}

}  // namespace

template <class T>
PackedMatrix<T>::PackedMatrix(Index depth, Index columns)
    : depth_(depth), columns_(columns), panel_count_((columns + panel_width<T> - 1) / panel_width<T>) {}

template <class T>
PackedMatrix<T>::PackedMatrix(const MatrixView<const T>& b, bool transposed)
    : PackedMatrix(transposed ? b.cols : b.rows, transposed ? b.rows : b.cols) {
    constexpr Index width = panel_width<T>;
    const Index n = transposed ? b.rows : b.cols;
    panels_ = allocate_storage<T>(static_cast<std::size_t>(panel_count_ * depth_ * width));
    for (Index i = 0; i < panel_count_; ++i)
        pack_panel(b, transposed, 0, depth_, i * width, std::min(width, n - i * width), panels_.get() + i * depth_ * width);
}

template <class T>
PackedMatrix<T> PackedMatrix<T>::to_stay(const MatrixView<const T>& b, bool transposed) {
    constexpr Index width = panel_width<T>;
    const Index n = transposed ? b.rows : b.cols;
    PackedMatrix packed(transposed ? b.cols : b.rows, n);
    const Index panel = packed.depth_ * width;
    const auto size = static_cast<std::size_t>(packed.panel_count_ * panel);
    if constexpr (std::is_same_v<T, float>) {
        if (simd::reads_halves && are_all<simd::Half>(b))
            packed.bits_ = Bits::half;
        else if (simd::reads_bfloats && are_all<simd::BFloat>(b))
            packed.bits_ = Bits::bfloat;
    }
    if (packed.bits_ == Bits::whole)
        packed.panels_ = allocate_to_stay<T>(size);
    else
        packed.narrow_ = allocate_to_stay<std::uint16_t>(size);
    parallel_for(packed.panel_count_, [&](Index i) {
        const Index columns = std::min(width, n - i * width);
        if (packed.bits_ == Bits::whole)
            return pack_panel(b, transposed, 0, packed.depth_, i * width, columns, packed.panels_.get() + i * panel);
        if constexpr (std::is_same_v<T, float>) {
            const std::shared_ptr<T[]> wide = allocate_storage<T>(static_cast<std::size_t>(panel));
            pack_panel(b, transposed, 0, packed.depth_, i * width, columns, wide.get());
            std::uint16_t* to = packed.narrow_.get() + i * panel;
            packed.bits_ == Bits::half ? make_narrow<simd::Half>(wide.get(), panel, to)
                                       : make_narrow<simd::BFloat>(wide.get(), panel, to);
        }
    });
    return packed;
}

template <class T>
PackedMatrix<T> PackedMatrix<T>::to_stay(const MatrixView<const std::uint16_t>& b, bool transposed, bool bfloat) {
    if constexpr (std::is_same_v<T, float>) {
        if (bfloat ? simd::reads_bfloats : simd::reads_halves) {
            constexpr Index width = panel_width<T>;
            const Index n = transposed ? b.rows : b.cols;
            PackedMatrix packed(transposed ? b.cols : b.rows, n);
            const Index panel = packed.depth_ * width;
            packed.bits_ = bfloat ? Bits::bfloat : Bits::half;
            packed.narrow_ = allocate_to_stay<std::uint16_t>(static_cast<std::size_t>(packed.panel_count_ * panel));
            parallel_for(packed.panel_count_, [&](Index i) {
                pack_bits(b, transposed, i * width, std::min(width, n - i * width), width, packed.narrow_.get() + i * panel);
            });
            return packed;
        }
    }
    Tensor<T> wide = Tensor<T>::uninitialized({b.rows, b.cols});
    for (Index row = 0; row < b.rows; ++row)
        for (Index i = 0; i < b.cols; ++i) wide.data()[row * b.cols + i] = widened<T>(b.data[row * b.stride + i], bfloat);
    return to_stay({wide.data(), b.rows, b.cols, b.cols}, transposed);
}

template <class T>
void PackedMatrix<T>::copy_columns(Index first, Index count, T* to) const {
    constexpr Index width = panel_width<T>;
    if (first < 0 || count < 0 || first + count > columns_)
        throw Error(ErrorCode::out_of_range, fmt::format("columns {} to {} of {}", first, first + count, columns_));
    for (Index c = 0; c < count; ++c, to += depth_) {
        const Index at = (first + c) / width * width * depth_ + (first + c) % width;
        for (Index k = 0; k < depth_; ++k)
            to[k] = bits_ == Bits::whole ? panels_[at + k * width] : widened<T>(narrow_[at + k * width], bits_ == Bits::bfloat);
    }
}

template <class T>
void PackedMatrix<T>::multiply(const MatrixView<const T>& a, const MatrixView<T>& c, bool accumulate) const {
    multiply_columns(0, a, c, accumulate);
}

template <class T>
void PackedMatrix<T>::multiply_columns(Index start, const MatrixView<const T>& a, const MatrixView<T>& c,
                                       bool accumulate) const {
    if (c.rows == 0 || c.cols == 0) return;
    const Product<T> product{a, {}, c, a.cols, {.accumulate = accumulate}};
    if (bits_ == Bits::whole) return multiply_laid_out(product, panels_.get() + start * depth_, depth_);
    if constexpr (std::is_same_v<T, float>) {
        const std::uint16_t* narrow = narrow_.get() + start * depth_;
        if (bits_ == Bits::half) return multiply_laid_out(product, narrow, depth_);
        multiply_laid_out(product, reinterpret_cast<const simd::BFloat*>(narrow), depth_);
    }
}

template <class T>
void PackedMatrix<T>::multiply_on_threads(const MatrixView<const T>& a, const MatrixView<T>& c, bool accumulate) const {
    if (c.rows == 0 || c.cols == 0) return;
    const Cut cut(c.rows, c.cols, a.cols);
    if (cut.pieces() < 2) return multiply(a, c, accumulate);
    parallel_for(cut.pieces(), [&](Index i) {
        const auto [row, rows, col, cols] = cut.piece(i);
        multiply_columns(col, {a.data + row * a.stride, rows, a.cols, a.stride},
                         {c.data + row * c.stride + col, rows, cols, c.stride}, accumulate);
    });
}

template void gemm(const MatrixView<const float>&, const MatrixView<const float>&, const MatrixView<float>&, GemmForm);
template void gemm(const MatrixView<const double>&, const MatrixView<const double>&, const MatrixView<double>&, GemmForm);
template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace saccade
