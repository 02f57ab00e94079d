#pragma once

#include "attention/decoder_query.hpp"

namespace saccade {

/// Spatial attention of SCA-CNN (Chen 2017, "SCA-CNN: Spatial and channel-wise attention in convolutional networks for image
/// captioning", section 3.2): where to look, asked by the decoder's hidden state h. With V the features of m locations, C
/// channels each:
///
///   a = tanh((W_s V + b_s) + W_hs h)        alpha = softmax(W_i a + b_i)  over the m locations
///
/// W_hs h is added to every location's column. W_s [k, C], b_s [k], W_hs [k, d], W_i [k], b_i [1]. Parameters are shown as
/// "@attention.spatial.NAME".
template <class T>
struct SpatialSca {
    Var<T> feature_weight;  // W_s
    DecoderQuery<T> ask;    // W_hs, b_s
    Var<T> vector, bias;    // W_i, b_i

    /// W_hs h + b_s (+ W_y E y): state [B, d], word [B, embedding] -> [B, k], shown as "queries".
    Var<T> query(const Var<T>& state, const Var<T>& word, const DecoderReads& reads = {}, const Observer& observe = {}) const;
    /// W_s V: features [B, m, C] -> [B, m, k], shown as "keys".
    Var<T> keys(const Var<T>& features, const Observer& observe = {}) const;
    /// W_i tanh(query + keys) + b_i: -> [B, m], before softmax, shown as "scores". `gated`: the keys are no tensor of their
    /// own but W_s (gamma V), gamma the channel gates of this step.
    Var<T> scores(const Var<T>& query, const Var<T>& keys, bool gated, const Observer& observe = {}) const;
};

/// f_s(V, alpha): every location's features times its weight. features [B, m, C], weights [B, m] -> [B, m, C].
template <class T>
Var<T> weighted_locations(const Var<T>& features, const Var<T>& weights);

}  // namespace saccade
