#pragma once

// Eigen for .cpp files: include it here, not in headers, and name our arrays as Eigen sees them.

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operand of AVX-512 extractions in its own headers for an uninitialised variable (PR 105593), and
// says so at the place it was inlined to: so this stays in force for the rest of the including file.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <Eigen/Core>

#include "tensor/tensor.hpp"

namespace saccade {

template <class T>
using Array = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using ConstArray = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

template <class T>
Array<T> array(T* data, Index size) {
    return {data, size};
}
template <class T>
ConstArray<T> array(const T* data, Index size) {
    return {data, size};
}
template <class T>
Array<T> array(Tensor<T>& x) {
    return {x.data(), x.size()};
}
template <class T>
ConstArray<T> array(const Tensor<T>& x) {
    return {x.data(), x.size()};
}

}  // namespace saccade
