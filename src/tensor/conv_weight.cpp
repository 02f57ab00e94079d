#include <algorithm>

#include "tensor/conv.hpp"
#include "tensor/conv_planar.hpp"
#include "tensor/conv_rows.hpp"
#include "tensor/simd.hpp"

namespace saccade {

namespace {

using simd::Packet;

/// Output channels, and vectors of a window's row, of a tile of sums.
constexpr int tile_outs = simd::registers >= 32 ? 8 : 4;
constexpr int tile_vectors = 3;

/// Pixels that a tile sums over: windows' rows at x, gradients at g.
template <class T>
struct Pixels {
    const T* x;
    const T* g;
    Index rows, cols, x_row, x_pixel, g_row, g_pixel;
};

/// sum [Outs, Vectors * lanes] += g^T x over the pixels, in reading order.
template <class T, int Outs, int Vectors>
void add_products(const Pixels<T>& p, Index out, Index depth, T* sum_to, Index sum_stride) {
    constexpr Index lanes = simd::lanes<T>;
    Packet<T> sum[Outs][Vectors];
#pragma GCC unroll 8
    for (int o = 0; o < Outs; ++o) {
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) sum[o][v] = simd::load<T>(sum_to + o * sum_stride + v * lanes);
    }
    for (Index r = 0; r < p.rows; ++r) {
        const T* x = p.x + r * p.x_row + depth;
        const T* g = p.g + r * p.g_row + out;
        for (const T* const end = g + p.cols * p.g_pixel; g < end; g += p.g_pixel, x += p.x_pixel) {
            Packet<T> row[Vectors];
#pragma GCC unroll 3
            for (int v = 0; v < Vectors; ++v) row[v] = simd::load<T>(x + v * lanes);
#pragma GCC unroll 8
            for (int o = 0; o < Outs; ++o) {
                const Packet<T> factor = simd::all<T>(g[o]);
#pragma GCC unroll 3
                for (int v = 0; v < Vectors; ++v) sum[o][v] = Eigen::internal::pmadd(factor, row[v], sum[o][v]);
            }
        }
    }
#pragma GCC unroll 8
    for (int o = 0; o < Outs; ++o) {
#pragma GCC unroll 3
        for (int v = 0; v < Vectors; ++v) simd::store<T>(sum_to + o * sum_stride + v * lanes, sum[o][v]);
    }
}

/// The same for a column of tiles: Outs channels at a time, then half as many, and so on.
template <class T, int Outs, int Vectors>
void add_columns(const Pixels<T>& p, Index out, Index outs, Index depth, T* sum, Index sum_stride) {
    for (; outs >= Outs; outs -= Outs, out += Outs) {
        add_products<T, Outs, Vectors>(p, out, depth, sum + out * sum_stride + depth, sum_stride);
    }
    if constexpr (Outs > 1) {
        if (outs > 0) add_columns<T, Outs / 2, Vectors>(p, out, outs, depth, sum, sum_stride);
    }
}

/// sum [outs, width] += over the pixels; width is whole vectors.
template <class T>
void add_row_of_window(const Pixels<T>& p, Index outs, Index width, T* sum) {
    constexpr Index lanes = simd::lanes<T>;
    Index depth = 0;
    for (; depth + tile_vectors * lanes <= width; depth += tile_vectors * lanes)
        add_columns<T, tile_outs, tile_vectors>(p, 0, outs, depth, sum, width);
    if (depth + 2 * lanes <= width) {
        add_columns<T, tile_outs, 2>(p, 0, outs, depth, sum, width);
    } else if (depth < width) {
        add_columns<T, tile_outs, 1>(p, 0, outs, depth, sum, width);
    }
}

/// Rows of y whose part of x stays in the second-level cache.
template <class T>
Index piece_rows(const ConvShape& s) {
    const Index row_bytes = (s.width + 2 * s.form.padding) * s.group_in() * s.form.stride * static_cast<Index>(sizeof(T));
    return std::clamp<Index>((Index{96} << 10) / std::max<Index>(1, row_bytes), 1, std::max<Index>(1, s.out_height()));
}

/// total [kernel_height, group_out, width] for one group.
template <class T>
void sum_group(const ConvShape& s, const T* x, const T* grad_y, Index width, T* total) {
    const Index piece = piece_rows<T>(s), stride = s.form.stride;
    for (Index n = 0; n < s.batch; ++n) {
        for (Index first = 0; first < s.out_height(); first += piece) {
            const Index count = std::min(piece, s.out_height() - first);
            const PaddedRows<T> rows({x + n * s.height * s.width * s.in, s.height, s.width, s.group_in(), s.in},
                                     first * stride - s.form.before(), (count - 1) * stride + s.kernel_height, -s.form.before(),
                                     (s.out_width() - 1) * stride + s.kernel_width);
            const T* const g = grad_y + (n * s.out_height() + first) * s.out_width() * s.out;
            for (Index i = 0; i < s.kernel_height; ++i) {
                add_row_of_window<T>({rows.row(i), g, count, s.out_width(), stride * rows.row_stride(), stride * s.group_in(),
                                      s.out_width() * s.out, s.out},
                                     s.group_out(), width, total + i * s.group_out() * width);
            }
        }
    }
}

/// The same to a few channels with steps of one pixel: total is grad_weight itself, [group_out, group_in, height, width].
template <class T>
void add_group_planes(const ConvShape& s, const T* x, const T* grad_y, T* total) {
    using conv_planar::Planes;
    const Index piece = piece_rows<T>(s);
    for (Index n = 0; n < s.batch; ++n) {
        for (Index first = 0; first < s.out_height(); first += piece) {
            const Index count = std::min(piece, s.out_height() - first);
            const Planes<T> planes({x + n * s.height * s.width * s.in, s.height, s.width, s.group_in(), s.in},
                                   first - s.form.before(), count - 1 + s.kernel_height, -s.form.before(),
                                   s.out_width() - 1 + s.kernel_width);
            const Planes<T> g(
                {grad_y + n * s.out_height() * s.out_width() * s.out, s.out_height(), s.out_width(), s.group_out(), s.out},
                first, count, 0, s.out_width());
            conv_planar::add_weight_products<T>(g, s.group_out(), planes,
                                                {nullptr, s.group_in(), s.kernel_height, s.kernel_width}, count, s.out_width(),
                                                total);
        }
    }
}

}  // namespace

template <class T>
void conv_grad_weight(const ConvShape& s, const T* x, const T* grad_y, T* grad_weight, bool accumulate) {
    constexpr Index lanes = simd::lanes<T>;
    const Index places = s.kernel_height * s.kernel_width, group_size = s.group_out() * s.group_in() * places;
    if (s.form.stride == 1 && s.group_out() <= conv_planar::most_channels<T>) {
        if (!accumulate) std::fill_n(grad_weight, s.form.groups * group_size, T(0));
        for (Index g = 0; g < s.form.groups; ++g)
            add_group_planes(s, x + g * s.group_in(), grad_y + g * s.group_out(), grad_weight + g * group_size);
        return;
    }
    const Index width = (s.kernel_width * s.group_in() + lanes - 1) / lanes * lanes;
    Tensor<T> total = Tensor<T>::uninitialized(Shape{s.kernel_height, s.group_out(), width});
    for (Index g = 0; g < s.form.groups; ++g) {
        std::fill_n(total.data(), total.size(), T(0));
        sum_group(s, x + g * s.group_in(), grad_y + g * s.group_out(), width, total.data());
        T* to = grad_weight + g * group_size;
        for (Index out = 0; out < s.group_out(); ++out, to += s.group_in() * places) {
            for (Index place = 0; place < places; ++place) {
                const T* const from = total.data() + (place / s.kernel_width * s.group_out() + out) * width +
                                      place % s.kernel_width * s.group_in();
                for (Index in = 0; in < s.group_in(); ++in) {
                    T& element = to[in * places + place];
                    element = from[in] + (accumulate ? element : T(0));
                }
            }
        }
    }
}

template void conv_grad_weight(const ConvShape&, const float*, const float*, float*, bool);
template void conv_grad_weight(const ConvShape&, const double*, const double*, double*, bool);

}  // namespace saccade
