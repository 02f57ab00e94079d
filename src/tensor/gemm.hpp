#pragma once

#include <cstdint>
#include <memory>

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
/// overlap neither.
///
/// Each element is one chain of multiply-adds, from 0 (from what is there, with `accumulate`) over k = 0, 1, 2, ...: nothing
/// but its own row of op(a) and column of op(b) enters it, in that order. So, bit for bit,
///  - a row of c is the same whatever rows are computed beside it, and however many: a decoder that adds one position to a
///    cached prefix finds what a run over the whole would have given;
///  - op(b) may be stored either way, and c may be cut into any pieces, computed by any number of threads;
///  - zeros at the end of k change nothing: weights of keys that a mask hides may be there or not.
/// Large products are computed by several threads, small ones by the caller's alone.
template <class T>
void gemm(const MatrixView<const T>& a, const MatrixView<const T>& b, const MatrixView<T>& c, GemmForm form = {});

/// Same for contiguous arrays of extents c [m, n], op(a) [m, k], op(b) [k, n].
template <class T>
void gemm(const T* a, const T* b, T* c, Index m, Index n, Index k, GemmForm form = {}) {
    const MatrixView<const T> view_a = form.transpose_a ? MatrixView<const T>{a, k, m, m} : MatrixView<const T>{a, m, k, k};
    const MatrixView<const T> view_b = form.transpose_b ? MatrixView<const T>{b, n, k, k} : MatrixView<const T>{b, k, n, n};
    gemm<T>(view_a, view_b, MatrixView<T>{c, m, n, n}, form);
}

/// A right operand op(b) [k, n] laid out once for many products: a head's keys and values meet all its queries, a layer's
/// weight every input. Products give the same bits as gemm.
template <class T>
class PackedMatrix {
 public:
    /// b [k, n], or [n, k] if transposed.
    PackedMatrix(const MatrixView<const T>& b, bool transposed);

    /// c = a b for the first `a.cols` of k and the first `c.cols` of n, on the calling thread; c += a b with `accumulate`.
    /// Extents must fit.
    void multiply(const MatrixView<const T>& a, const MatrixView<T>& c, bool accumulate = false) const;
    /// Same, by several threads where that is worth it.
    void multiply_on_threads(const MatrixView<const T>& a, const MatrixView<T>& c, bool accumulate = false) const;

    /// For an operand that stays, as weights do: laid out where it is read fastest (allocate_to_stay), and in 16 bits (IEEE
    /// binary16 or bfloat16) if each of its numbers is one of those, as they are from such a file. Products of few rows take
    /// the time that it takes to read it, and then take half. The bits of products stay the same.
    static PackedMatrix to_stay(const MatrixView<const T>& b, bool transposed);
    /// The same of the 16 bits themselves, as files hold them: bfloat16, or else IEEE binary16.
    /// `finite`: set to whether all of them are finite numbers, found out while they are at hand.
    static PackedMatrix to_stay(const MatrixView<const std::uint16_t>& b, bool transposed, bool bfloat, bool& finite);
    bool is_narrow() const { return narrow_ != nullptr; }

    Index depth() const { return depth_; }      // k
    Index columns() const { return columns_; }  // n
    /// Columns [first, first + count) of op(b), bit for bit, each as a row of `to` [count, depth].
    void copy_columns(Index first, Index count, T* to) const;

 private:
    enum class Bits { whole, half, bfloat };
    PackedMatrix(Index depth, Index columns);
    void multiply_columns(Index start, const MatrixView<const T>& a, const MatrixView<T>& c, bool accumulate) const;

    Index depth_, columns_, panel_count_;
    Bits bits_ = Bits::whole;
    std::shared_ptr<T[]> panels_{};              // null if it is narrow
    std::shared_ptr<std::uint16_t[]> narrow_{};  // their 16 bits, in the order of the panels
};

extern template class PackedMatrix<float>;
extern template class PackedMatrix<double>;

}  // namespace saccade
