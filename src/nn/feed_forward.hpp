#pragma once

#include <string>

#include "nn/linear.hpp"

namespace saccade {

/// The position-wise network (Vaswani 2017, eq. 2): FFN(x) = W_2 act(W_1 x + b_1) + b_2, act relu or gelu.
template <class T>
struct FeedForward {
    Linear<T> in, out;  // [d_ff, d_model], [d_model, d_ff]
    bool gelu_activation = false;

    /// act(W_1 x + b_1): [..., d_model] -> [..., d_ff].
    Var<T> hidden(const Var<T>& x) const { return gelu_activation ? gelu(in(x)) : relu(in(x)); }
    Var<T> operator()(const Var<T>& x) const { return out(hidden(x)); }
};

}  // namespace saccade
