#pragma once

#include "autograd/var.hpp"

namespace saccade {

// Scaled dot-product attention (Vaswani 2017, eq. 1), for any number of heads side by side:
//   softmax(q k^T / sqrt(d_head) + term + mask) v
// q [B, h, Tq, d_head], k and v [B, h, Tk, d_head] (v's last extent may differ). `term` is added to the scaled scores: empty,
// or any shape that broadcasts to them (Shaw's a^K, ALiBi). `mask` is empty, [Tq, Tk], [B, 1, 1, Tk] or [B, 1, Tq, Tk], of 0
// and -inf; a query that sees no key gets weights and a context of 0. T: float or double. Errors: Error{invalid_input} naming
// the shapes that do not fit. `scaled` false: without 1 / sqrt(d_head), as T5 has it (Raffel 2020).

template <class T>
struct AttentionOutput {
    Var<T> scores;   // [B, h, Tq, Tk], the mask added
    Var<T> weights;  // [B, h, Tq, Tk]
    Var<T> context;  // [B, h, Tq, d_head]
};

/// The whole of it, every part kept.
template <class T>
AttentionOutput<T> scaled_dot_product(const Var<T>& q, const Var<T>& k, const Var<T>& v, const Var<T>& term,
                                      const Tensor<T>& mask, bool scaled = true);

/// Weights and context alone, as heads are used when nothing looks between the steps: `joined_context` is [B, Tq, h * d_head],
/// the heads side by side, ready for the output projection.
template <class T>
struct AttendedHeads {
    Tensor<T> weights;         // [B, h, Tq, Tk]
    Tensor<T> joined_context;  // [B, Tq, h * d_head]
};

/// The fused forward, without a tape: the numbers of scaled_dot_product, bit for bit, several times as fast
/// (tensor/attention_kernel.hpp). q is [B, Tq, h * d_head] as its projection left it, or
/// [B, h, Tq, d_head]; k and v are [B, h, Tk, d_head].
template <class T>
AttendedHeads<T> attended_heads(const Tensor<T>& q, Index heads, const Tensor<T>& k, const Tensor<T>& v, const Tensor<T>& term,
                                const Tensor<T>& mask, bool scaled = true);

// Its parts, for a run whose probe may change what lies between them. The same numbers, bit for bit.

/// q k^T / sqrt(d_head) + term: [B, h, Tq, Tk], before the mask.
template <class T>
Var<T> scaled_scores(const Var<T>& q, const Var<T>& k, const Var<T>& term, bool scaled = true);
/// scores + mask; the scores themselves without a mask.
template <class T>
Var<T> masked_scores(const Var<T>& scores, const Tensor<T>& mask);

}  // namespace saccade
