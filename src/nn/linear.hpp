#pragma once

#include <memory>
#include <span>

#include "autograd/ops.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

/// y = x W^T + b. W [out, in], b [out] or empty.
template <class T>
struct Linear {
    Var<T> weight, bias;
    std::shared_ptr<const PackedMatrix<T>> packed{};  // W^T as products read it; null: see laid_out

    bool empty() const { return packed == nullptr && weight.empty(); }
    /// [out, in]
    Shape extents() const;
    /// W [out, in]: as it was given, or, where only what is laid out was kept, made of that.
    Tensor<T> rows() const;

    /// x [..., in] -> [..., out]
    Var<T> operator()(const Var<T>& x) const;
};

/// The same layer, its weight laid out once for all inputs to come: for models that stay. The same bits; twice the memory, one
/// and a half times if the weights are numbers of 16 bits (PackedMatrix::to_stay); once or half, if `alone`: W as it was given
/// then is not kept beside it. On a tape, where weights change with every step, it is left as it is.
template <class T>
Linear<T> laid_out(Linear<T> linear, bool alone = false);

/// W^T [in, out] of W [out, in], for products without a tape; null for an empty one.
template <class T>
std::shared_ptr<const PackedMatrix<T>> packed_transpose(const Tensor<T>& weight);
/// y [n, out] += x [n, in] W^T, through `packed` where there is one.
template <class T>
void add_product_with(const PackedMatrix<T>* packed, const Tensor<T>& weight, const Tensor<T>& x, Tensor<T>& y);

/// Rows of W [out, in] that these ids name, [n, in], where W^T is laid out.
template <class T>
Tensor<T> rows_of_packed(const PackedMatrix<T>& packed, std::span<const Index> ids);

/// x [..., in] W^T for the first `out` rows of a weight that is laid out.
template <class T>
Tensor<T> packed_product(const PackedMatrix<T>& packed, const Tensor<T>& x, Index out, const Tensor<T>& bias = {});

}  // namespace saccade
