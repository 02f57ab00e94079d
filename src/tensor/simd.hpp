#pragma once

// Vectors of the machine's widest width, for the kernels of tensor/*.cpp and autograd/*.cpp. Include it in .cpp files alone.
//
// What is computed with them must not depend on where an element stands: remainders are padded to a whole vector and go
// through the same instructions, and sums go lane by lane in a fixed order. So a row of a result is the same, bit for bit,
// whatever rows are computed beside it, wherever it lies in memory, and however many zeros follow its last element.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "tensor/eigen.hpp"

#ifdef __GNUC__
// Vector types as template arguments lose an attribute that concerns aliasing through pointers, which they are not used for.
#pragma GCC diagnostic ignored "-Wignored-attributes"
// The bug described in tensor/eigen.hpp, which also appears where reductions of vectors are inlined.
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#ifdef EIGEN_VECTORIZE_AVX
#include <immintrin.h>
#endif

namespace saccade::simd {

template <class T>
using Packet = typename Eigen::internal::packet_traits<T>::type;
template <class T>
inline constexpr int lanes = Eigen::internal::unpacket_traits<Packet<T>>::size;
/// Vector registers of the machine.
inline constexpr int registers = EIGEN_ARCH_DEFAULT_NUMBER_OF_REGISTERS;

template <class T>
inline Packet<T> load(const T* from) {
    return Eigen::internal::ploadu<Packet<T>>(from);
}
template <class T>
inline void store(T* to, const Packet<T>& x) {
    Eigen::internal::pstoreu(to, x);
}
template <class T>
inline Packet<T> all(T value) {
    return Eigen::internal::pset1<Packet<T>>(value);
}

/// a b + c, rounded once where the machine can: for single numbers exactly as for vectors.
template <class T>
inline T multiply_add(T a, T b, T c) {
#if defined(EIGEN_HAS_SINGLE_INSTRUCTION_MADD) || defined(EIGEN_VECTORIZE_FMA) || defined(__ARM_FEATURE_FMA)
    return std::fma(a, b, c);
#else
    return a * b + c;
#endif
}

/// The first `count` elements, fewer than a vector has, and `padding` after them.
template <class T>
inline Packet<T> load_part(const T* from, Index count, T padding) {
    alignas(64) T part[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i) part[i] = i < count ? from[i] : padding;
    return load<T>(part);
}
template <class T>
inline void store_part(T* to, const Packet<T>& x, Index count) {
    alignas(64) T part[lanes<T>];
    store<T>(part, x);
    for (Index i = 0; i < count; ++i) to[i] = part[i];
}

#ifdef EIGEN_VECTORIZE_AVX512
template <>
inline Packet<float> load_part<float>(const float* from, Index count, float padding) {
    return _mm512_mask_loadu_ps(_mm512_set1_ps(padding), static_cast<__mmask16>((1U << count) - 1U), from);
}
template <>
inline void store_part<float>(float* to, const Packet<float>& x, Index count) {
    _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1U << count) - 1U), x);
}
#endif

/// The bits of a number of 16 (IEEE binary16), as files of weights hold them.
using Half = std::uint16_t;
/// Can a vector of them be read as fast as one of floats?
#if defined(EIGEN_VECTORIZE_AVX512) || (defined(EIGEN_VECTORIZE_AVX) && defined(__F16C__))
inline constexpr bool reads_halves = true;
#else
inline constexpr bool reads_halves = false;
#endif

/// `lanes<T>` numbers from `from` on as T: each Half is some float exactly.
template <class T>
inline Packet<T> load_as(const T* from) {
    return load<T>(from);
}
template <class T>
inline Packet<T> load_as(const Half* from) {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (std::is_same_v<T, float>) return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
#elif defined(EIGEN_VECTORIZE_AVX) && defined(__F16C__)
    if constexpr (std::is_same_v<T, float>) return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
#endif
    alignas(64) T wide[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i)
        wide[i] = static_cast<T>(Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(from[i])));
    return load<T>(wide);
}
/// The bits of a number of 16 in bfloat16, the upper half of a float's, as most files of large models hold them.
enum class BFloat : std::uint16_t {};
#if defined(EIGEN_VECTORIZE_AVX512) || defined(EIGEN_VECTORIZE_AVX2)
inline constexpr bool reads_bfloats = true;
#else
inline constexpr bool reads_bfloats = false;
#endif
template <class T>
inline Packet<T> load_as(const BFloat* from) {
#if defined(EIGEN_VECTORIZE_AVX512)
    if constexpr (std::is_same_v<T, float>)
        return _mm512_castsi512_ps(
            _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))), 16));
#elif defined(EIGEN_VECTORIZE_AVX2)
    if constexpr (std::is_same_v<T, float>)
        return _mm256_castsi256_ps(
            _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from))), 16));
#endif
    alignas(64) T wide[lanes<T>];
    for (int i = 0; i < lanes<T>; ++i)
        wide[i] = static_cast<T>(std::bit_cast<float>(std::uint32_t{static_cast<std::uint16_t>(from[i])} << 16));
    return load<T>(wide);
}
/// The BFloat that is this number exactly; false if there is none.
inline bool narrow(float value, BFloat& to) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    to = static_cast<BFloat>(bits >> 16);
    return (bits & 0xffffU) == 0;
}
/// The Half that is this number exactly; false if there is none.
inline bool narrow(float value, Half& to) {
    to = Eigen::half_impl::float_to_half_rtne(value).x;
    const float back = Eigen::half_impl::half_to_float(Eigen::half_impl::raw_uint16_to_half(to));
    return std::bit_cast<std::uint32_t>(back) == std::bit_cast<std::uint32_t>(value);
}

/// Calls step(x) for the vectors of [from, from + size) in order, the last one padded.
template <class T, class Step>
inline void for_vectors(const T* from, Index size, T padding, const Step& step) {
    Index i = 0;
    for (; i + lanes<T> <= size; i += lanes<T>) step(load<T>(from + i));
    if (i < size) step(load_part<T>(from + i, size - i, padding));
}

/// y[i] = f(x[i]) for `size` elements; f takes and returns a vector. x and y may be the same.
template <class T, class Function>
inline void map(const T* x, T* y, Index size, const Function& f) {
    Index i = 0;
    for (; i + lanes<T> <= size; i += lanes<T>) store<T>(y + i, f(load<T>(x + i)));
    if (i < size) store_part<T>(y + i, f(load_part<T>(x + i, size - i, T(0))), size - i);
}

/// Joins the vectors of a row, the last one padded: total = step(total, x) from 0, lane by lane; then the lanes are added.
/// step(total, padding) must be total.
template <class T, class Step>
inline T fold(const T* x, Index size, T padding, const Step& step) {
    Packet<T> total = all<T>(T(0));
    for_vectors(x, size, padding, [&](const Packet<T>& v) { total = step(total, v); });
    return Eigen::internal::predux(total);
}

/// e^x; 0 for -inf (Eigen clamps its argument and would give the least normal number).
template <class T>
inline Packet<T> exp(const Packet<T>& x) {
    namespace ei = Eigen::internal;
    const Packet<T> lowest = all<T>(std::numeric_limits<T>::lowest());
    return ei::pandnot(ei::pexp(x), ei::pcmp_lt(x, lowest));
}

template <class T>
using Block = Eigen::internal::PacketBlock<Packet<T>, lanes<T>>;

/// Rows become columns.
template <class T>
inline void transpose(Block<T>& x) {
    Eigen::internal::ptranspose(x);
}

#ifdef EIGEN_VECTORIZE_AVX512
/// Half the instructions of Eigen 3.4's: pairs and fours within each quarter, then the quarters.
template <>
inline void transpose<float>(Block<float>& x) {
    __m512 s[16];
#pragma GCC unroll 4
    for (int g = 0; g < 16; g += 4) {
        const __m512 a = _mm512_unpacklo_ps(x.packet[g], x.packet[g + 1]);
        const __m512 b = _mm512_unpackhi_ps(x.packet[g], x.packet[g + 1]);
        const __m512 c = _mm512_unpacklo_ps(x.packet[g + 2], x.packet[g + 3]);
        const __m512 d = _mm512_unpackhi_ps(x.packet[g + 2], x.packet[g + 3]);
        s[g] = _mm512_shuffle_ps(a, c, 0x44);
        s[g + 1] = _mm512_shuffle_ps(a, c, 0xee);
        s[g + 2] = _mm512_shuffle_ps(b, d, 0x44);
        s[g + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
        const __m512 a = _mm512_shuffle_f32x4(s[j], s[4 + j], 0x44);
        const __m512 b = _mm512_shuffle_f32x4(s[j], s[4 + j], 0xee);
        const __m512 c = _mm512_shuffle_f32x4(s[8 + j], s[12 + j], 0x44);
        const __m512 d = _mm512_shuffle_f32x4(s[8 + j], s[12 + j], 0xee);
        x.packet[j] = _mm512_shuffle_f32x4(a, c, 0x88);
        x.packet[4 + j] = _mm512_shuffle_f32x4(a, c, 0xdd);
        x.packet[8 + j] = _mm512_shuffle_f32x4(b, d, 0x88);
        x.packet[12 + j] = _mm512_shuffle_f32x4(b, d, 0xdd);
    }
}
#endif

}  // namespace saccade::simd
