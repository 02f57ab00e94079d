#include <fmt/core.h>

#include <atomic>
#include <bit>
#include <type_traits>

#include "tensor/gemm.hpp"
#include "tensor/gemm_blocks.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

using namespace gemm_kernel;

/// c (+)= a b for a whole k, and at most tile_rows rows, with b packed: panel after panel, each from its first byte to its
/// last, for here the time is what it takes to read them.
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
    if (p.k == 0) return multiply_nothing(p);
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

bool are_finite(const std::uint16_t* bits, Index size, bool bfloat) {
    const std::uint16_t exponent = bfloat ? 0x7f80 : 0x7c00;
    bool none = false;  // without a way out, so that it is done in vectors
    for (Index i = 0; i < size; ++i) none |= (bits[i] & exponent) == exponent;
    return !none;
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
PackedMatrix<T> PackedMatrix<T>::to_stay(const MatrixView<const std::uint16_t>& b, bool transposed, bool bfloat, bool& finite) {
    if constexpr (std::is_same_v<T, float>) {
        if (bfloat ? simd::reads_bfloats : simd::reads_halves) {
            constexpr Index width = panel_width<T>;
            const Index n = transposed ? b.rows : b.cols;
            PackedMatrix packed(transposed ? b.cols : b.rows, n);
            const Index panel = packed.depth_ * width;
            packed.bits_ = bfloat ? Bits::bfloat : Bits::half;
            packed.narrow_ = allocate_to_stay<std::uint16_t>(static_cast<std::size_t>(packed.panel_count_ * panel));
            std::atomic<bool> all = true;
            parallel_for(packed.panel_count_, [&](Index i) {
                std::uint16_t* to = packed.narrow_.get() + i * panel;
                pack_bits(b, transposed, i * width, std::min(width, n - i * width), width, to);
                if (!are_finite(to, panel, bfloat)) all = false;
            });
            finite = all;
            return packed;
        }
    }
    finite = true;
    for (Index row = 0; row < b.rows; ++row) finite = finite && are_finite(b.data + row * b.stride, b.cols, bfloat);
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

template class PackedMatrix<float>;
template class PackedMatrix<double>;

}  // namespace saccade
