#pragma once

#include "nn/activation.hpp"
#include "nn/linear.hpp"

namespace saccade {

/// The position-wise network (Vaswani 2017, eq. 2): FFN(x) = W_2 act(W_1 x + b_1) + b_2. With a gate (Shazeer 2020, "GLU
/// variants improve transformer", eq. 6): FFN(x) = W_2 (act(W_g x + b_g) (.) (W_1 x + b_1)) + b_2.
template <class T>
struct FeedForward {
    Linear<T> in, out;  // [d_ff, d_model], [d_model, d_ff]
    Linear<T> gate{};   // as `in`; empty: none
    const Activation* activation = nullptr;

    bool gated() const { return !gate.empty(); }
    /// What W_2 reads: [..., d_model] -> [..., d_ff].
    Var<T> hidden(const Var<T>& x) const { return gated() ? mul((*activation)(gate(x)), in(x)) : (*activation)(in(x)); }
    Var<T> operator()(const Var<T>& x) const { return out(hidden(x)); }
};

}  // namespace saccade
