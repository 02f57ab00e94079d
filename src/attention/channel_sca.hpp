#pragma once

#include "attention/decoder_query.hpp"

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
///
/// Parameters are shown as "@attention.channel.NAME".
template <class T>
struct ChannelSca {
    Var<T> channel_weight;  // W_c
    DecoderQuery<T> ask;    // W_hc, b_c
    Var<T> vector, bias;    // W_i', b_i'

    /// W_c (x) v: means [B, C] -> [B, C, k].
    Var<T> keys(const Var<T>& means) const;
    /// W_i' tanh(query + keys) + b_i': -> [B, C], before softmax.
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const;
    /// gamma = C beta: 1 leaves a channel as it is. Shows "channel_queries", "channel_scores" and "channel_gate"; means [B, C]
    /// are "@channel_means".
    Var<T> gate(const Var<T>& means, const Var<T>& state, const Var<T>& word, const DecoderReads& reads = {},
                const Observer& observe = {}) const;
};

/// f_c(V, beta): every channel times its weight. features [B, m, C] (or [B, C]), weights [B, C] -> as features.
template <class T>
Var<T> weighted_channels(const Var<T>& features, const Var<T>& weights);

}  // namespace saccade
