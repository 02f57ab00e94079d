#pragma once

#include "attention/channel_se.hpp"

namespace saccade {

/// CBAM's channel attention (Woo 2018, "CBAM: convolutional block attention module", eq. 1 and 2): one MLP shared by the mean
/// and the maximum over the picture,
///   M_c(F) = sigma(W_1 relu(W_0 F_mean) + W_1 relu(W_0 F_max))      pooled, pooled_max; bottleneck, bottleneck_max; gate
///   F' = M_c(F) F                                                   refined
template <class T>
struct CbamChannel : BlockAttention<T> {
    Var<T> reduce;  // W_0 [hidden, C]
    Var<T> expand;  // W_1 [C, hidden]

    CbamChannel(Var<T> w0, Var<T> w1) : reduce(std::move(w0)), expand(std::move(w1)) {}
    Var<T> operator()(const Var<T>& features, const Onlooker<T>& onlooker) const override;
};

}  // namespace saccade
