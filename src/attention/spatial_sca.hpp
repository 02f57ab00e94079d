#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// Spatial attention of SCA-CNN (Chen 2017, "SCA-CNN: Spatial and channel-wise attention in convolutional networks for image
/// captioning", section 3.2): where to look, asked by the decoder's hidden state h. With V the features of m locations, C
/// channels each:
///
///   a = tanh((W_s V + b_s) + W_hs h)        alpha = softmax(W_i a + b_i)  over the m locations
///
/// W_hs h is added to every location's column. W_s [k, C], b_s [k], W_hs [k, d], W_i [k], b_i [1].
template <class T>
struct SpatialSca {
    Var<T> feature_weight, feature_bias, state_weight, vector, bias;

    /// W_hs h + b_s: state [B, d] -> [B, k].
    Var<T> query(const Var<T>& state) const;
    /// W_s V: features [B, m, C] -> [B, m, k].
    Var<T> keys(const Var<T>& features) const;
    /// W_i tanh(query + keys) + b_i: -> [B, m], before softmax.
    Var<T> scores(const Var<T>& query, const Var<T>& keys) const;
    Var<T> scores_of(const Var<T>& state, const Var<T>& features) const { return scores(query(state), keys(features)); }
};

/// f_s(V, alpha): every location's features times its weight. features [B, m, C], weights [B, m] -> [B, m, C].
template <class T>
Var<T> weighted_locations(const Var<T>& features, const Var<T>& weights);

}  // namespace saccade
