#include "attention/spatial_sca.hpp"

#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

template <class T>
Var<T> SpatialSca<T>::query(const Var<T>& state) const {
    return affine(state, state_weight, feature_bias);
}

template <class T>
Var<T> SpatialSca<T>::keys(const Var<T>& features) const {
    return affine(features, feature_weight, {});
}

template <class T>
Var<T> SpatialSca<T>::scores(const Var<T>& query, const Var<T>& keys) const {
    return add(additive_scores(query, keys, vector), bias);
}

template <class T>
Var<T> weighted_locations(const Var<T>& features, const Var<T>& weights) {
    const Shape& v = features.shape();
    const Shape& w = weights.shape();
    if (v.rank() != 3 || w != Shape{v[0], v[1]}) throw shape_error("weighted_locations", v, w);
    return mul(features, reshape(weights, {v[0], v[1], 1}));
}

#define SACCADE_INSTANTIATE(T)     \
    template struct SpatialSca<T>; \
    template Var<T> weighted_locations(const Var<T>&, const Var<T>&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
