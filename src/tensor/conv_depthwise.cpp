#include "tensor/conv_depthwise.hpp"

#include <algorithm>

#include "base/parallel.hpp"
#include "tensor/simd.hpp"
#include "tensor/storage.hpp"

namespace saccade {

namespace {

using simd::Packet;

template <class T>
Index padded(Index channels) {
    return (channels + simd::lanes<T> - 1) / simd::lanes<T> * simd::lanes<T>;
}

/// The part of a window that lies in the picture, at one pixel of y.
struct Place {
    Index first_row, rows, first_col, cols;  // of the window
    Index pixel;                             // of x under the first of them
};

/// `Vectors` vectors of channels from c on, the last with `last` lanes.
template <class T, int Vectors>
inline void one_tile(const ConvShape& s, const T* x, const T* weights, const Place& place, Index c, Index last,
                     const CorrelationEnd<T>& end, T* y) {
    constexpr Index width = simd::lanes<T>;
    const Index stride = padded<T>(s.in);
    const auto load = [&](const T* from, int v) {
        const bool part = v == Vectors - 1 && last < width;
        return part ? simd::load_part<T>(from + v * width, last, T(0)) : simd::load<T>(from + v * width);
    };
    Packet<T> sum[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v)
        sum[v] = end.bias != nullptr ? simd::load<T>(end.bias + c + v * width) : simd::all<T>(T(0));
    for (Index r = 0; r < place.rows; ++r) {
        const T* from = x + (place.pixel + r * s.width) * s.in + c;
        const T* w = weights + ((place.first_row + r) * s.kernel_width + place.first_col) * stride + c;
        for (Index k = 0; k < place.cols; ++k, from += s.in, w += stride) {
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v)
                sum[v] = Eigen::internal::pmadd(load(from, v), simd::load<T>(w + v * width), sum[v]);
        }
    }
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
        if (end.add != nullptr) sum[v] = Eigen::internal::padd(sum[v], load(end.add + c, v));
        if (end.cut) sum[v] = Eigen::internal::pmax(sum[v], simd::all<T>(T(0)));
        if (v == Vectors - 1 && last < width) {
            simd::store_part<T>(y + c + v * width, sum[v], last);
        } else {
            simd::store<T>(y + c + v * width, sum[v]);
        }
    }
}

/// All channels of one pixel of y.
template <class T>
void one_pixel(const ConvShape& s, const T* x, const T* weights, const Place& place, const CorrelationEnd<T>& end, T* y) {
    constexpr Index width = simd::lanes<T>;
    Index c = 0;
    for (; c + 4 * width <= s.in; c += 4 * width) one_tile<T, 4>(s, x, weights, place, c, width, end, y);
    for (; c < s.in; c += width) one_tile<T, 1>(s, x, weights, place, c, std::min<Index>(width, s.in - c), end, y);
}

}  // namespace

template <class T>
std::shared_ptr<T[]> pack_depthwise(const ConvShape& s, const T* weight) {
    const Index places = s.kernel_height * s.kernel_width, stride = padded<T>(s.in);
    auto packed = allocate_storage<T>(static_cast<std::size_t>(places * stride));
    for (Index p = 0; p < places; ++p)
        for (Index c = 0; c < stride; ++c) packed[p * stride + c] = c < s.in ? weight[c * places + p] : T(0);
    return packed;
}

template <class T>
void depthwise(const ConvShape& s, const T* x, const T* weights, const CorrelationEnd<T>& end, T* y) {
    const Index rows = s.out_height(), cols = s.out_width(), before = s.form.before();
    // The rows or columns of a window that starts at `at` and lie in [0, extent).
    const auto inside = [](Index at, Index kernel, Index extent) {
        const Index first = std::max<Index>(0, -at);
        return std::pair(first, std::max<Index>(0, std::min(kernel, extent - at) - first));
    };
    const auto row = [&](Index i) {
        const Index top = i % rows * s.form.stride - before;
        const T* const image = x + i / rows * s.height * s.width * s.in;
        const auto [first_row, row_count] = inside(top, s.kernel_height, s.height);
        for (Index k = 0; k < cols; ++k) {
            const Index left = k * s.form.stride - before, to = (i * cols + k) * s.in;
            const auto [first_col, col_count] = inside(left, s.kernel_width, s.width);
            const Place place{first_row, row_count, first_col, col_count, (top + first_row) * s.width + left + first_col};
            one_pixel<T>(s, image, weights, place, {end.bias, end.add == nullptr ? nullptr : end.add + to, end.cut}, y + to);
        }
    };
    // Waking threads costs some microseconds.
    if (s.products() < Index{1} << 18) {
        for (Index i = 0; i < s.batch * rows; ++i) row(i);
    } else {
        parallel_for(s.batch * rows, row);
    }
}

#define SACCADE_INSTANTIATE(T)                                                \
    template std::shared_ptr<T[]> pack_depthwise(const ConvShape&, const T*); \
    template void depthwise(const ConvShape&, const T*, const T*, const CorrelationEnd<T>&, T*);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
