#include "attention/channel_sca.hpp"

#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

template <class T>
Var<T> ChannelSca<T>::query(const Var<T>& state) const {
    return affine(state, state_weight, channel_bias);
}

template <class T>
Var<T> ChannelSca<T>::keys(const Var<T>& means) const {
    const Shape& v = means.shape();
    if (v.rank() != 2) throw shape_error("channel attention", v, "means are [batch, channels]");
    return mul(reshape(means, {v[0], v[1], 1}), channel_weight);
}

template <class T>
Var<T> ChannelSca<T>::scores(const Var<T>& query, const Var<T>& keys) const {
    return add(additive_scores(query, keys, vector), bias);
}

template <class T>
Var<T> weighted_channels(const Var<T>& features, const Var<T>& weights) {
    const Shape& v = features.shape();
    const Shape& w = weights.shape();
    if (v == w) return mul(features, weights);
    if (v.rank() != 3 || w != Shape{v[0], v[2]}) throw shape_error("weighted_channels", v, w);
    return mul(features, reshape(weights, {v[0], 1, v[2]}));
}

#define SACCADE_INSTANTIATE(T)     \
    template struct ChannelSca<T>; \
    template Var<T> weighted_channels(const Var<T>&, const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
