#pragma once

// Differentiable operations. Every forward is written once; with no tape among the operands it is the plain fast path.
// Instantiated for float and double. Each group has its own .cpp, forward beside backward. Errors: Error{invalid_input}
// naming the operation and both shapes.

#include <span>

#include "autograd/var.hpp"
#include "base/rng.hpp"

namespace saccade {

// --- linear algebra (ops_matmul.cpp) ---

/// [..., m, k] x [..., k, n] -> [..., m, n]; leading axes equal, or absent on either side (then shared).
/// With `transpose_b`, b is [..., n, k].
template <class T>
Var<T> matmul(const Var<T>& a, const Var<T>& b, bool transpose_b = false);
/// x [..., in] W^T + bias: W [out, in], bias [out] or empty -> [..., out].
template <class T>
Var<T> affine(const Var<T>& x, const Var<T>& weight, const Var<T>& bias);

// --- broadcast arithmetic (ops_arith.cpp); NumPy's rules ---

template <class T>
Var<T> add(const Var<T>& a, const Var<T>& b);
template <class T>
Var<T> sub(const Var<T>& a, const Var<T>& b);
template <class T>
Var<T> mul(const Var<T>& a, const Var<T>& b);
template <class T>
Var<T> div(const Var<T>& a, const Var<T>& b);
template <class T>
Var<T> scale(const Var<T>& a, T factor);
template <class T>
Var<T> add_scalar(const Var<T>& a, T term);

// --- elementwise (ops_elementwise.cpp) ---

template <class T>
Var<T> tanh(const Var<T>& a);
template <class T>
Var<T> sigmoid(const Var<T>& a);
template <class T>
Var<T> relu(const Var<T>& a);
/// Exact: x * Phi(x) (Hendrycks and Gimpel 2016), as PyTorch's default.
template <class T>
Var<T> gelu(const Var<T>& a);
/// 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) (Hendrycks and Gimpel 2016, section 2), as GPT-2 has it.
template <class T>
Var<T> gelu_tanh(const Var<T>& a);
/// x sigmoid(x) (Elfwing 2017; "swish").
template <class T>
Var<T> silu(const Var<T>& a);
template <class T>
Var<T> exp(const Var<T>& a);
template <class T>
Var<T> log(const Var<T>& a);
/// Zeroes each element with probability p and scales the rest by 1 / (1 - p) (Srivastava 2014). p in [0, 1).
template <class T>
Var<T> dropout(const Var<T>& a, T p, Rng& rng);

// --- reductions (ops_reduce.cpp) along one axis, which disappears unless keep_axis; negative axes count from the end ---

template <class T>
Var<T> sum(const Var<T>& a, int axis, bool keep_axis = false);
template <class T>
Var<T> mean(const Var<T>& a, int axis, bool keep_axis = false);
/// The gradient goes to the first maximum.
template <class T>
Var<T> max(const Var<T>& a, int axis, bool keep_axis = false);
/// Sum of all elements, a scalar.
template <class T>
Var<T> sum_all(const Var<T>& a);

// --- normalising (ops_softmax.cpp, ops_norm.cpp) ---

/// Along the innermost axis; subtracts the row maximum. -inf scores get weight 0; a row that is all -inf gives zeros, never
/// NaN.
template <class T>
Var<T> softmax(const Var<T>& scores);
/// Same, after adding `mask` (0 or -inf; broadcasts over leading axes) to the scores; the mask gets no gradient.
template <class T>
Var<T> softmax(const Var<T>& scores, const Tensor<T>& mask);
/// Along the innermost axis. -inf stays -inf; an all -inf row stays all -inf.
template <class T>
Var<T> log_softmax(const Var<T>& logits);
/// (x - mean) / sqrt(var + eps) * gain + bias over the innermost axis (Ba 2016); biased variance.
template <class T>
Var<T> layer_norm(const Var<T>& x, const Var<T>& gain, const Var<T>& bias, T eps = T(1e-5));
/// x / sqrt(mean(x^2) + eps) * gain over the innermost axis (Zhang and Sennrich 2019, eq. 4).
template <class T>
Var<T> rms_norm(const Var<T>& x, const Var<T>& gain, T eps = T(1e-5));

// --- shape and selection (ops_shape.cpp) ---

template <class T>
Var<T> reshape(const Var<T>& a, const Shape& shape);
/// Swaps two axes (copies).
template <class T>
Var<T> transpose(const Var<T>& a, int axis_a, int axis_b);
template <class T>
Var<T> concat(std::span<const Var<T>> parts, int axis);
/// New outermost axis: n tensors of one shape -> [n, ...].
template <class T>
Var<T> stack(std::span<const Var<T>> parts);
/// Indices [start, start + count) of an axis.
template <class T>
Var<T> slice(const Var<T>& a, int axis, Index start, Index count);
/// Rows of `table` [n, d] by id -> [ids.size(), d]. Error{out_of_range} names the id.
template <class T>
Var<T> embedding(const Var<T>& table, std::span<const Index> ids);
/// One element a row: a [n, c], ids [n] -> [n] with a[i, ids[i]].
template <class T>
Var<T> gather(const Var<T>& a, std::span<const Index> ids);

// --- losses (ops_loss.cpp) ---

/// Mean over rows with weight > 0 of -sum_c q_c log p_c, where q = (1 - s) onehot + s / classes (Szegedy 2016, eq. 13):
/// logits [n, classes], targets [n], row_weights [n] (empty: all 1). Divides by the sum of the weights.
template <class T>
Var<T> cross_entropy(const Var<T>& logits, std::span<const Index> targets, std::span<const T> row_weights = {},
                     T label_smoothing = 0);

}  // namespace saccade
