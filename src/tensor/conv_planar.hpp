#pragma once

// Convolution to a few channels, such as the 7 x 7 map of CBAM (Woo 2018): vectors run over neighbouring pixels of a plane
// instead of over output channels, of which too few would be in use. Steps of one pixel.

#include <algorithm>

#include "tensor/conv_kernel.hpp"
#include "tensor/conv_rows.hpp"
#include "tensor/simd.hpp"

namespace saccade::conv_planar {

/// To how many channels it pays.
template <class T>
inline constexpr Index most_channels = simd::lanes<T> / 4;

/// Part of a picture, channels apart: planes of rows of columns, zeros outside. Whole vectors may be read from any column.
template <class T>
class Planes {
 public:
    Planes(const PictureView<T>& from, Index first_row, Index rows, Index first_col, Index cols)
        : row_stride_((cols + simd::lanes<T> - 1) / simd::lanes<T> * simd::lanes<T> + simd::lanes<T>),
          plane_stride_(rows * row_stride_),
          data_(allocate_storage<T>(static_cast<std::size_t>(from.channels * plane_stride_ + simd::lanes<T>))) {
        std::fill_n(data_.get(), from.channels * plane_stride_ + simd::lanes<T>, T(0));
        const Index left = std::max<Index>(-first_col, 0), right = std::min(cols, from.cols - first_col);
        for (Index r = std::max<Index>(-first_row, 0); r < std::min(rows, from.rows - first_row); ++r) {
            const T* pixel = from.data + ((first_row + r) * from.cols + first_col + left) * from.pixel;
            for (Index c = left; c < right; ++c, pixel += from.pixel) {
                T* to = data_.get() + r * row_stride_ + c;
                for (Index k = 0; k < from.channels; ++k, to += plane_stride_) *to = pixel[k];
            }
        }
    }
    const T* row(Index channel, Index r) const { return data_.get() + channel * plane_stride_ + r * row_stride_; }
    Index row_stride() const { return row_stride_; }
    Index plane_stride() const { return plane_stride_; }

 private:
    Index row_stride_, plane_stride_;
    std::shared_ptr<T[]> data_;
};

/// The window [channels, rows, cols] of one output channel.
template <class T>
struct Taps {
    const T* weights;
    Index channels, rows, cols;
};

/// sum [Rows][Vectors] = the correlation at the vectors of pixels from x on.
template <class T, int Rows, int Vectors>
inline void correlate_tile(const Taps<T>& taps, const Planes<T>& planes, const T* x, T start,
                           simd::Packet<T> (&sum)[Rows][Vectors]) {
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) sum[r][v] = simd::all<T>(start);
    }
    const T* weight = taps.weights;
    const Index stride = planes.row_stride();
    for (Index c = 0; c < taps.channels; ++c) {
        for (Index i = 0; i < taps.rows; ++i) {
            const T* from = x + c * planes.plane_stride() + i * stride;
            for (Index j = 0; j < taps.cols; ++j, ++from, ++weight) {
                const simd::Packet<T> w = simd::all<T>(*weight);
#pragma GCC unroll 4
                for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 2
                    for (int v = 0; v < Vectors; ++v)
                        sum[r][v] = Eigen::internal::pmadd(w, simd::load<T>(from + r * stride + v * simd::lanes<T>), sum[r][v]);
                }
            }
        }
    }
}

/// A plane of results whose pixels lie apart.
template <class T>
struct PlaneTarget {
    conv_kernel::Target<T> to;
    Index rows, cols, row_stride;
    T start() const { return to.bias == nullptr ? T(0) : *to.bias; }
};

template <class T>
void store_pixels(const PlaneTarget<T>& plane, Index row, Index col, const simd::Packet<T>& value) {
    const conv_kernel::Target<T>& to = plane.to;
    const Index count = std::min<Index>(simd::lanes<T>, plane.cols - col);
    const Index first = row * plane.row_stride + col * to.pixel_stride;
    alignas(64) T part[simd::lanes<T>];
    simd::store<T>(part, value);
    for (Index i = 0; i < count; ++i) {
        const Index at = first + i * to.pixel_stride;
        const T sum = to.add == nullptr ? part[i] : part[i] + to.add[at];
        to.y[at] = to.cut ? std::max(sum, T(0)) : sum;
    }
}

template <class T, int Rows, int Vectors>
void correlate_rows(const Taps<T>& taps, const Planes<T>& planes, const PlaneTarget<T>& to, Index row) {
    for (Index col = 0; col < to.cols; col += Vectors * simd::lanes<T>) {
        simd::Packet<T> sum[Rows][Vectors];
        correlate_tile<T, Rows, Vectors>(taps, planes, planes.row(0, row) + col, to.start(), sum);
        for (int r = 0; r < Rows; ++r) {
            for (int v = 0; v < Vectors && col + v * simd::lanes<T> < to.cols; ++v)
                store_pixels<T>(to, row + r, col + v * simd::lanes<T>, sum[r][v]);
        }
    }
}

/// All of a plane.
template <class T>
void correlate(const Taps<T>& taps, const Planes<T>& planes, const PlaneTarget<T>& to) {
    const bool wide = to.cols > simd::lanes<T>;
    Index row = 0;
    for (; row + 4 <= to.rows; row += 4) {
        if (wide) {
            correlate_rows<T, 4, 2>(taps, planes, to, row);
        } else {
            correlate_rows<T, 4, 1>(taps, planes, to, row);
        }
    }
    for (; row < to.rows; ++row) correlate_rows<T, 1, 2>(taps, planes, to, row);
}

/// sum[Taps] = sums over rows and columns of g [rows, cols] times x shifted by 0, 1, ... columns; both zero past `cols`'
/// vectors.
template <class T, int Count>
void shifted_products(const T* g, Index g_stride, const T* x, Index x_stride, Index rows, Index cols, T* sum_to) {
    simd::Packet<T> sum[Count];
#pragma GCC unroll 8
    for (int j = 0; j < Count; ++j) sum[j] = simd::all<T>(T(0));
    for (Index r = 0; r < rows; ++r, g += g_stride, x += x_stride) {
        for (Index c = 0; c < cols; c += simd::lanes<T>) {
            const simd::Packet<T> v = simd::load<T>(g + c);
#pragma GCC unroll 8
            for (int j = 0; j < Count; ++j) sum[j] = Eigen::internal::pmadd(v, simd::load<T>(x + c + j), sum[j]);
        }
    }
#pragma GCC unroll 8
    for (int j = 0; j < Count; ++j) sum_to[j] += Eigen::internal::predux(sum[j]);
}

/// The same for `count` <= Count shifts.
template <class T, int Count = 8>
void shifted_products(int count, const T* g, Index g_stride, const T* x, Index x_stride, Index rows, Index cols, T* sum_to) {
    if constexpr (Count > 1) {
        if (count < Count) return shifted_products<T, Count - 1>(count, g, g_stride, x, x_stride, rows, cols, sum_to);
    }
    shifted_products<T, Count>(g, g_stride, x, x_stride, rows, cols, sum_to);
}

/// total [g's channels][x's channels][window rows][window columns] += over the pixels [rows, cols].
template <class T>
void add_weight_products(const Planes<T>& g, Index outs, const Planes<T>& x, const Taps<T>& window, Index rows, Index cols,
                         T* total) {
    for (Index out = 0; out < outs; ++out) {
        for (Index c = 0; c < window.channels; ++c) {
            for (Index i = 0; i < window.rows; ++i, total += window.cols) {
                for (Index j = 0; j < window.cols; j += 8) {
                    shifted_products<T>(static_cast<int>(std::min<Index>(8, window.cols - j)), g.row(out, 0), g.row_stride(),
                                        x.row(c, i) + j, x.row_stride(), rows, cols, total + j);
                }
            }
        }
    }
}

}  // namespace saccade::conv_planar
