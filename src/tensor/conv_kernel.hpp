#pragma once

// The inner loops of convolution (tensor/conv*.cpp). Rows of the picture lie with zeros around them, channels innermost, so
// that the window of a pixel is kernel-height runs of kernel-width * channels numbers, and the windows of neighbours overlap:
// an implicit product of matrices that needs no copy of windows. Tiles of the result are kept in registers, as in
// tensor/gemm_kernel.hpp, and every element is one chain of multiply-adds in an order that its place does not change.

#include <type_traits>

#include "tensor/simd.hpp"
#include "tensor/tensor.hpp"

namespace saccade::conv_kernel {

/// Vectors of output channels that a tile covers; weights are laid out in panels this wide.
inline constexpr int panel_vectors = 2;
/// Pixels of a tile of one vector, and of two: accumulators, weights and one number of x fill the registers.
inline constexpr int tile_pixels_one = simd::registers >= 32 ? 16 : 8;
inline constexpr int tile_pixels_two = simd::registers >= 32 ? 8 : 4;

/// How a window is read: rows of `depth` = width * channels numbers, `row_stride` apart; neighbouring pixels' windows are
/// `pixel_stride` apart.
struct Window {
    Index rows, width, channels, row_stride, pixel_stride;
    Index depth() const { return width * channels; }
};

/// Where a tile's results go. The last vector of channels has `last` of its lanes.
template <class T>
struct Target {
    T* y;
    Index pixel_stride;
    Index last;
    const T* bias;  // padded to whole vectors; null: none
    const T* add;   // lies as y does; null: none
    bool cut;       // at 0

    Target moved(Index pixels) const {
        const Index step = pixels * pixel_stride;
        return {y + step, pixel_stride, last, bias, add == nullptr ? nullptr : add + step, cut};
    }
};

template <class T, int Pixels, int Vectors>
inline void start_tile(const Target<T>& to, simd::Packet<T> (&sum)[Pixels][Vectors]) {
#pragma GCC unroll 16
    for (int p = 0; p < Pixels; ++p) {
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v)
            sum[p][v] = to.bias != nullptr ? simd::load<T>(to.bias + v * simd::lanes<T>) : simd::all<T>(T(0));
    }
}

template <class T, int Pixels, int Vectors>
inline void end_tile(const Target<T>& to, const simd::Packet<T> (&sum)[Pixels][Vectors]) {
    using simd::Packet;
    constexpr Index width = simd::lanes<T>;
    const Packet<T> zero = simd::all<T>(T(0));
#pragma GCC unroll 16
    for (int p = 0; p < Pixels; ++p) {
#pragma GCC unroll 2
        for (int v = 0; v < Vectors; ++v) {
            const Index at = p * to.pixel_stride + v * width;
            const bool part = v == Vectors - 1 && to.last < width;
            Packet<T> value = sum[p][v];
            if (to.add != nullptr) {
                const Packet<T> term = part ? simd::load_part<T>(to.add + at, to.last, T(0)) : simd::load<T>(to.add + at);
                value = Eigen::internal::padd(value, term);
            }
            if (to.cut) value = Eigen::internal::pmax(value, zero);
            if (part) {
                simd::store_part<T>(to.y + at, value, to.last);
            } else {
                simd::store<T>(to.y + at, value);
            }
        }
    }
}

/// y [Pixels, Vectors * lanes] from windows at x; weights [rows, depth, Vectors * lanes]. Stride: that of the pixels if it is
/// known when this is compiled, else 0.
template <class T, int Stride, int Pixels, int Vectors>
void plain_tile(const Window& window, const T* x, const T* weights, const Target<T>& to) {
    using simd::Packet;
    const Index stride = Stride > 0 ? Stride : window.pixel_stride;
    Packet<T> sum[Pixels][Vectors];
    start_tile<T, Pixels, Vectors>(to, sum);
    for (Index i = 0; i < window.rows; ++i) {
        const T* a = x + i * window.row_stride;
        const T* const end = a + window.depth();
        for (; a < end; ++a, weights += Vectors * simd::lanes<T>) {
            Packet<T> w[Vectors];
#pragma GCC unroll 2
            for (int v = 0; v < Vectors; ++v) w[v] = simd::load<T>(weights + v * simd::lanes<T>);
#pragma GCC unroll 16
            for (int p = 0; p < Pixels; ++p) {
                const Packet<T> factor = simd::all<T>(a[p * stride]);
#pragma GCC unroll 2
                for (int v = 0; v < Vectors; ++v) sum[p][v] = Eigen::internal::pmadd(factor, w[v], sum[p][v]);
            }
        }
    }
    end_tile<T, Pixels, Vectors>(to, sum);
}

/// The same for windows three pixels wide at steps of one pixel: a number of x that is read once meets three windows. With one
/// vector of channels, reading would else take longer than multiplying.
template <class T, int Stride, int Pixels>
void sliding_tile(const Window& window, const T* x, const T* weights, const Target<T>& to) {
    using Eigen::internal::pmadd;
    using simd::Packet;
    constexpr Index lanes = simd::lanes<T>;
    const Index stride = Stride > 0 ? Stride : window.pixel_stride;
    Packet<T> sum[Pixels][1];
    start_tile<T, Pixels, 1>(to, sum);
    for (Index i = 0; i < window.rows; ++i) {
        const T* a = x + i * window.row_stride;
        const T* const end = a + window.channels;
        const T* const w = weights + i * window.depth() * lanes;
        const Index next = window.channels * lanes;
        for (const T* from = w; a < end; ++a, from += lanes) {
            const Packet<T> w0 = simd::load<T>(from), w1 = simd::load<T>(from + next), w2 = simd::load<T>(from + 2 * next);
#pragma GCC unroll 18
            for (int p = 0; p < Pixels + 2; ++p) {
                const Packet<T> factor = simd::all<T>(a[p * stride]);
                if (p < Pixels) sum[p][0] = pmadd(factor, w0, sum[p][0]);
                if (p >= 1 && p <= Pixels) sum[p - 1][0] = pmadd(factor, w1, sum[p - 1][0]);
                if (p >= 2) sum[p - 2][0] = pmadd(factor, w2, sum[p - 2][0]);
            }
        }
    }
    end_tile<T, Pixels, 1>(to, sum);
}

/// A row of `count` pixels in tiles of Pixels, then of half as many, and so on.
template <class T, int Stride, int Pixels, int Vectors, bool Sliding>
void run_row(const Window& window, const T* x, const T* weights, Target<T> to, Index count) {
    for (; count >= Pixels; count -= Pixels) {
        if constexpr (Sliding) {
            sliding_tile<T, Stride, Pixels>(window, x, weights, to);
        } else {
            plain_tile<T, Stride, Pixels, Vectors>(window, x, weights, to);
        }
        x += Pixels * window.pixel_stride;
        to = to.moved(Pixels);
    }
    if constexpr (Pixels > 1) {
        if (count > 0) run_row<T, Stride, Pixels / 2, Vectors, Sliding>(window, x, weights, to, count);
    }
}

template <class T, int Stride>
void run_row(const Window& window, const T* x, const T* weights, const Target<T>& to, Index count, int vectors) {
    if (vectors == 2) {
        run_row<T, Stride, tile_pixels_two, 2, false>(window, x, weights, to, count);
    } else if (window.width == 3 && window.pixel_stride == window.channels) {
        run_row<T, Stride, tile_pixels_one, 1, true>(window, x, weights, to, count);
    } else {
        run_row<T, Stride, tile_pixels_one, 1, false>(window, x, weights, to, count);
    }
}

/// y [count, channels] (one panel) from `count` windows from x on.
template <class T>
void run_row(const Window& window, const T* x, const T* weights, const Target<T>& to, Index count, int vectors) {
    // Only gradient checks run in double: they need no loop of their own for each stride.
    if constexpr (std::is_same_v<T, float>) {
        switch (window.pixel_stride) {
            case 16:
                return run_row<T, 16>(window, x, weights, to, count, vectors);
            case 32:
                return run_row<T, 32>(window, x, weights, to, count, vectors);
            case 64:
                return run_row<T, 64>(window, x, weights, to, count, vectors);
            default:
                break;
        }
    }
    run_row<T, 0>(window, x, weights, to, count, vectors);
}

}  // namespace saccade::conv_kernel
