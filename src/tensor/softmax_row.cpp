#include "tensor/softmax_row.hpp"

#include <limits>

#include "tensor/simd.hpp"

namespace saccade {

namespace {

using simd::Packet;

/// Calls step(i, count) for whole vectors from i on, then once for the rest of `count` elements, if any.
template <class T, class Whole, class Rest>
void along(Index size, const Whole& whole, const Rest& rest) {
    Index i = 0;
    for (; i + simd::lanes<T> <= size; i += simd::lanes<T>) whole(i);
    if (i < size) rest(i, size - i);
}

/// weights = scores + mask; returns the largest.
template <class T>
T largest_sum(const T* scores, const T* mask, T* weights, Index size) {
    using namespace Eigen::internal;
    constexpr T none = -std::numeric_limits<T>::infinity();
    Packet<T> most = simd::all<T>(none);
    along<T>(
        size,
        [&](Index i) {
            const Packet<T> x = padd(simd::load(scores + i), simd::load(mask + i));
            most = pmax(most, x);
            simd::store(weights + i, x);
        },
        [&](Index i, Index count) {
            const Packet<T> x = padd(simd::load_part(scores + i, count, none), simd::load_part(mask + i, count, T(0)));
            most = pmax(most, x);
            simd::store_part(weights + i, x, count);
        });
    return predux_max(most);
}

template <class T>
T largest(const T* scores, Index size) {
    constexpr T none = -std::numeric_limits<T>::infinity();
    Packet<T> most = simd::all<T>(none);
    simd::for_vectors(scores, size, none, [&](const Packet<T>& x) { most = Eigen::internal::pmax(most, x); });
    return Eigen::internal::predux_max(most);
}

}  // namespace

template <class T>
void softmax_row(const T* scores, const T* mask, T* weights, Index size) {
    using namespace Eigen::internal;
    constexpr T none = -std::numeric_limits<T>::infinity();
    const T most = mask == nullptr ? largest(scores, size) : largest_sum(scores, mask, weights, size);
    // Where all are -inf they stay that relative to 0, and become zeros.
    const Packet<T> reference = simd::all(most == none ? T(0) : most);
    if (mask != nullptr) scores = weights;
    Packet<T> lanes = simd::all(T(0));
    along<T>(
        size,
        [&](Index i) {
            const Packet<T> e = simd::exp<T>(psub(simd::load(scores + i), reference));
            lanes = padd(lanes, e);
            simd::store(weights + i, e);
        },
        [&](Index i, Index count) {
            const Packet<T> e = simd::exp<T>(psub(simd::load_part(scores + i, count, none), reference));
            lanes = padd(lanes, e);
            simd::store_part(weights + i, e, count);
        });
    const T total = predux(lanes);
    if (total == T(0)) return;
    const Packet<T> factor = simd::all(T(1) / total);
    simd::map(weights, weights, size, [&](const Packet<T>& e) { return pmul(e, factor); });
}

template void softmax_row(const float*, const float*, float*, Index);
template void softmax_row(const double*, const double*, double*, Index);

}  // namespace saccade
