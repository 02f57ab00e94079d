#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// A row-major matrix somewhere in memory; rows are `stride` elements apart.
template <class T>
struct MatrixView {
    T* data;
    Index rows, cols, stride;
};

/// How gemm reads its operands, and whether it adds to what is there.
struct GemmForm {
    bool transpose_a = false;
    bool transpose_b = false;
    bool accumulate = false;  // c += instead of c =
};

/// c = op(a) op(b), with op(x) = x or x transposed; inner extents must agree (Error{invalid_input} otherwise), and c must
/// overlap neither. Large products are cut into pieces of c whose number depends on the extents alone, so c is the same, bit
/// for bit, at any thread count; small ones run on the calling thread.
template <class T>
void gemm(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form = {});

/// Same for contiguous arrays of extents c [m, n], op(a) [m, k], op(b) [k, n].
template <class T>
void gemm(const T* a, const T* b, T* c, Index m, Index n, Index k, GemmForm form = {}) {
    const MatrixView<const T> view_a = form.transpose_a ? MatrixView<const T>{a, k, m, m} : MatrixView<const T>{a, m, k, k};
    const MatrixView<const T> view_b = form.transpose_b ? MatrixView<const T>{b, n, k, k} : MatrixView<const T>{b, k, n, n};
    gemm<T>(view_a, view_b, MatrixView<T>{c, m, n, n}, form);
}

}  // namespace saccade
