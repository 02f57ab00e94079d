#pragma once

// Vectors of channels, for the ops of pictures [..., C]. For the ops_*.cpp alone.

#include "tensor/simd.hpp"

namespace saccade {

/// Reads and writes one vector of channels, or the few that are left of one.
template <class T, bool Whole>
struct Channels {
    Index count;
    simd::Packet<T> load(const T* from) const {
        if constexpr (Whole) return simd::load<T>(from);
        return simd::load_part<T>(from, count, T(0));
    }
    void store(T* to, const simd::Packet<T>& x) const {
        if constexpr (Whole) {
            simd::store<T>(to, x);
        } else {
            simd::store_part<T>(to, x, count);
        }
    }
};

/// Calls body(first channel, Channels) for the vectors of a row of channels.
template <class T, class Body>
void for_channels(Index channels, const Body& body) {
    Index c = 0;
    for (; c + simd::lanes<T> <= channels; c += simd::lanes<T>) body(c, Channels<T, true>{simd::lanes<T>});
    if (c < channels) body(c, Channels<T, false>{channels - c});
}

/// Sums of four rows at a time, so that additions need not wait for each other: total = step(row, total).
template <class T, class Step>
simd::Packet<T> sum_rows(Index rows, const Step& step) {
    simd::Packet<T> total[4] = {simd::all<T>(T(0)), simd::all<T>(T(0)), simd::all<T>(T(0)), simd::all<T>(T(0))};
    Index r = 0;
    for (; r + 4 <= rows; r += 4) {
        for (int i = 0; i < 4; ++i) total[i] = step(r + i, total[i]);
    }
    for (; r < rows; ++r) total[0] = step(r, total[0]);
    return Eigen::internal::padd(Eigen::internal::padd(total[0], total[1]), Eigen::internal::padd(total[2], total[3]));
}

}  // namespace saccade
