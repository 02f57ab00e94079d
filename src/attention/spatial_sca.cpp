#include "attention/spatial_sca.hpp"

#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

template <class T>
Var<T> SpatialSca<T>::query(const Var<T>& state, const Var<T>& word, const DecoderReads& reads, const Observer& observe) const {
    return observe("queries", ask(state, word), [&] {
        const typename DecoderQuery<T>::Names names{"@attention.spatial.state_weight", "W_hs",
                                                    "@attention.spatial.feature_bias", "b_s", "@attention.spatial.word_weight"};
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = "Queries",
                     .axes = {"output", "attention"},
                     .step = ask.how("queries", 'a', names, reads, "Chen 2017, section 3.2"),
                     .parameters = ask.parameters("attention", names)};
    });
}

template <class T>
Var<T> SpatialSca<T>::keys(const Var<T>& features, const Observer& observe) const {
    return observe("keys", affine(features, feature_weight, {}), [] {
        return Shown{.role = Role::key,
                     .symbol = "k",
                     .title = "Keys",
                     .axes = {"location", "attention"},
                     .step = {"project", "k_j = W_s a_j",
                              "@keys[j,a] = sum_n(@attention.spatial.feature_weight[a,n] * @annotations[j,n])",
                              "Chen 2017, section 3.2"}};
    });
}

template <class T>
Var<T> SpatialSca<T>::scores(const Var<T>& query, const Var<T>& keys, bool gated, const Observer& observe) const {
    return observe("scores", add(additive_scores(query, keys, vector), bias), [&] {
        const std::string key =
            gated ? "sum_n(@attention.spatial.feature_weight[a,n] * @channel_gate[i,n] * @annotations[j,n])" : "@keys[j,a]";
        return Shown{
            .role = Role::scores,
            .symbol = "e",
            .title = "Scores",
            .axes = {"output", "location"},
            .step = {"score", std::string("e_ij = W_i · tanh(q_i + ") + (gated ? "W_s (γ_i ∘ a_j)" : "k_j") + ") + b_i",
                     "@scores[i,j] = sum_a(@attention.spatial.vector[a] * tanh(@queries[i,a] + " + key +
                         ")) + @attention.spatial.bias[0]",
                     gated ? "Chen 2017, section 3.3, channel-spatial" : "Chen 2017, section 3.2"},
            .parameters = {{"@attention.spatial.feature_weight", "W_s", {"attention", "channel"}, feature_weight},
                           {"@attention.spatial.vector", "W_i", {"attention"}, vector},
                           {"@attention.spatial.bias", "b_i", {"unit"}, bias}}};
    });
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
