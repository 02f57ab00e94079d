#pragma once

// The inner loops of gemm (tensor/gemm_blocks.hpp): tiles of the result kept in registers while the inner extent runs by. Each
// element is one chain of multiply-adds over k, c = a_k b_k + c for k = 0, 1, ..., in whatever tile it falls; a chain that is
// cut into blocks of k goes on from what is stored. The blocking into panels follows Goto and van de Geijn 2008.

#include <algorithm>
#include <array>
#include <utility>

#include "tensor/gemm.hpp"
#include "tensor/simd.hpp"

namespace saccade::gemm_kernel {

/// A panel of b: this many vectors wide.
inline constexpr int panel_vectors = 2;
template <class T>
inline constexpr Index panel_width = panel_vectors* simd::lanes<T>;
/// Rows of a tile: accumulators, a panel's row of b and one element of a fill the registers.
inline constexpr int tile_rows = (simd::registers - 4) / panel_vectors;
/// Rows for which b is turned in registers instead of being packed.
template <class T>
inline constexpr int turned_rows = std::clamp(simd::registers - simd::lanes<T> - 4, 1, 12);

/// How much of the inner extent a packed block, and a block of a beside turned rows of b, covers: they stay in the caches.
template <class T>
inline constexpr Index block_depth = 1024 / static_cast<Index>(sizeof(T));
template <class T>
inline constexpr Index turned_depth = 4096 / static_cast<Index>(sizeof(T));
/// Rows of a copied block of a are this far apart: not a power of two, which would fill one set of the cache.
template <class T>
inline constexpr Index a_stride = block_depth<T> + 64 / static_cast<Index>(sizeof(T));
template <class T>
inline constexpr Index turned_stride = turned_depth<T> + 64 / static_cast<Index>(sizeof(T));

/// c [Rows, Vectors * lanes] (+)= a [Rows, depth] b [depth, Vectors * lanes]; b in T, or in 16 bits.
template <class T, class B, int Rows, int Vectors>
void multiply_tile(const T* a, const B* b, Index b_stride, T* c, Index c_stride, Index depth, bool accumulate) {
    using Eigen::internal::pmadd;
    using simd::Packet;
    constexpr Index width = simd::lanes<T>;
    Packet<T> sum[Rows][Vectors];
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) sum[i][v] = simd::all<T>(T(0));
    }
    if (accumulate) {
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) sum[i][v] = simd::load<T>(c + i * c_stride + v * width);
        }
    }
    for (Index k = 0; k < depth; ++k, ++a, b += b_stride) {
        Packet<T> row[Vectors];
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) row[v] = simd::load_as<T>(b + v * width);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            const Packet<T> factor = simd::all<T>(a[i * a_stride<T>]);
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) sum[i][v] = pmadd(factor, row[v], sum[i][v]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) simd::store<T>(c + i * c_stride + v * width, sum[i][v]);
    }
}

/// sum [Rows] += the products of one k of a's rows with that k of `lanes` rows of b.
template <class T, int Rows>
inline void add_products(const T* a, const simd::Packet<T>& b, simd::Packet<T>* sum) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) sum[i] = Eigen::internal::pmadd(simd::all<T>(a[i * turned_stride<T>]), b, sum[i]);
}

/// c [Rows, cols] (+)= a [Rows, depth] b^T, b [cols, depth] with cols <= Groups * lanes. Several groups of rows of b at once
/// give chains that do not wait for each other.
template <class T, int Rows, int Groups>
void multiply_turned(const T* a, const T* b, Index b_stride, T* c, Index c_stride, Index cols, Index depth, bool accumulate) {
    using simd::Packet;
    constexpr Index width = simd::lanes<T>;
    Packet<T> sum[Groups][Rows];
#pragma GCC unroll 4
    for (int g = 0; g < Groups; ++g) {
        const Index valid = std::clamp<Index>(cols - g * width, 0, width);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            T* const to = c + i * c_stride + g * width;
            sum[g][i] = !accumulate      ? simd::all<T>(T(0))
                        : valid == width ? simd::load<T>(to)
                                         : simd::load_part<T>(to, valid, T(0));
        }
    }
    // Rows beyond the last are computed from the last, and dropped.
    const auto row = [&](int g, int j) { return b + std::min<Index>(g * width + j, cols - 1) * b_stride; };
    Index k = 0;
    for (; k + width <= depth; k += width) {
#pragma GCC unroll 4
        for (int g = 0; g < Groups; ++g) {
            simd::Block<T> block;
#pragma GCC unroll 16
            for (int j = 0; j < simd::lanes<T>; ++j) block.packet[j] = simd::load<T>(row(g, j) + k);
            simd::transpose<T>(block);
#pragma GCC unroll 16
            for (int p = 0; p < simd::lanes<T>; ++p) add_products<T, Rows>(a + k + p, block.packet[p], sum[g]);
        }
    }
    for (; k < depth; ++k) {
#pragma GCC unroll 4
        for (int g = 0; g < Groups; ++g) {
            alignas(64) T column[simd::lanes<T>];
            for (int j = 0; j < simd::lanes<T>; ++j) column[j] = row(g, j)[k];
            add_products<T, Rows>(a + k, simd::load<T>(column), sum[g]);
        }
    }
#pragma GCC unroll 4
    for (int g = 0; g < Groups; ++g) {
        const Index valid = std::clamp<Index>(cols - g * width, 0, width);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            T* const to = c + i * c_stride + g * width;
            if (valid == width) {
                simd::store<T>(to, sum[g][i]);
            } else {
                simd::store_part<T>(to, sum[g][i], valid);
            }
        }
    }
}

/// to[j][i] = from[i][j] for i < rows, j < cols; each row of `from` may be read up to `readable` elements.
template <class T>
void copy_transposed(const T* from, Index from_stride, Index rows, Index cols, Index readable, T* to, Index to_stride) {
    constexpr Index width = simd::lanes<T>;
    for (Index j = 0; j < cols; j += width) {
        Index i = 0;
        if (j + width <= readable) {
            for (; i + width <= rows; i += width) {
                simd::Block<T> block;
#pragma GCC unroll 16
                for (int r = 0; r < simd::lanes<T>; ++r) block.packet[r] = simd::load<T>(from + (i + r) * from_stride + j);
                simd::transpose<T>(block);

#pragma GCC unroll 16
                for (int r = 0; r < simd::lanes<T>; ++r)
                    if (j + r < cols) simd::store<T>(to + (j + r) * to_stride + i, block.packet[r]);
            }
        }
        for (; i < rows; ++i)
            for (Index r = j; r < std::min(cols, j + width); ++r) to[r * to_stride + i] = from[i * from_stride + r];
    }
}

}  // namespace saccade::gemm_kernel
