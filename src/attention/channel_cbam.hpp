#pragma once

#include "attention/channel_se.hpp"

namespace saccade {

/// CBAM's channel attention (Woo 2018, "CBAM: convolutional block attention module", eq. 1 and 2): one MLP shared by the mean
/// and the maximum over the picture,
///   M_c(F) = sigma(W_2 relu(W_1 F_mean) + W_2 relu(W_1 F_max))      pooled, pooled_max; bottleneck, bottleneck_max; gate
///   F' = M_c(F) F                                                   refined
/// Woo's W_0 and W_1 are W_1 and W_2 here, as in squeeze-and-excitation.
template <class T>
struct CbamChannel : BlockAttention<T> {
    Var<T> reduce;  // W_1 [hidden, C]
    Var<T> expand;  // W_2 [C, hidden]

    CbamChannel(Var<T> w1, Var<T> w2) : reduce(std::move(w1)), expand(std::move(w2)) {}
    Var<T> operator()(const Var<T>& features, const Observer& observe) const override;
    ShownAs result() const override { return {"refined", "F'"}; }
};

}  // namespace saccade
