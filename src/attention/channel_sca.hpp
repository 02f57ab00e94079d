#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// Channel-wise attention of SCA-CNN (Chen 2017, section 3.3): what to look for, asked by the decoder's hidden state h. With v
/// the mean of each channel over all locations:
///
///   b = tanh((W_c (x) v + b_c) + W_hc h)        beta = softmax(W_i' b + b_i')  over the C channels
///
/// (x) is the outer product: column c is W_c v_c, so a channel is known by its mean alone. W_c [k], b_c [k], W_hc [k, d],
/// W_i' [k], b_i' [1].
///
/// The two orders (section 3.3, types of channel-spatial attention), X = f(V, alpha, beta) what is read in the end:
///   channel-spatial:  beta = channel(h, V)     alpha = spatial(h, f_c(V, beta))
///   spatial-channel:  alpha = spatial(h, V)    beta = channel(h, f_s(V, alpha))
template <class T>
struct ChannelSca {
    Var<T> channel_weight, channel_bias, state_weight, vector, bias;

    /// W_hc h + b_c: state [B, d] -> [B, k].
    Var<T> query(const Var<T>& state) const;
    /// W_c (x) v: means [B, C] -> [B, C, k].
    Var<T> keys(const Var<T>& means) const;
    /// W_i' tanh(query + keys) + b_i': -> [B, C], before softmax.
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const;
    Var<T> scores_of(const Var<T>& state, const Var<T>& means) const { return scores(query(state), keys(means)); }
};

/// f_c(V, beta): every channel times its weight. features [B, m, C] (or [B, C]), weights [B, C] -> as features.
template <class T>
Var<T> weighted_channels(const Var<T>& features, const Var<T>& weights);

}  // namespace saccade
