#include "attention/channel_sca.hpp"

#include <fmt/core.h>

#include "attention/score_additive.hpp"
#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"

namespace saccade {

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
Var<T> ChannelSca<T>::gate(const Var<T>& means, const Var<T>& state, const Var<T>& word, const DecoderReads& reads,
                           const Observer& observe) const {
    const Var<T> query = observe("channel_queries", ask(state, word), [&] {
        const typename DecoderQuery<T>::Names names{"@attention.channel.state_weight", "W_hc",
                                                    "@attention.channel.channel_bias", "b_c", "@attention.channel.word_weight"};
        return Shown{.role = Role::query,
                     .symbol = "q",
                     .title = "Queries of the channels",
                     .axes = {"output", "channel_attention"},
                     .step = ask.how("channel_queries", 'b', names, reads, "Chen 2017, section 3.3"),
                     .parameters = ask.parameters("channel_attention", names)};
    });
    const Var<T> f = observe("channel_scores", scores(query, keys(means)), [&] {
        return Shown{.role = Role::scores,
                     .symbol = "f",
                     .title = "Scores of the channels",
                     .axes = {"output", "channel"},
                     .step = {"score", "f_in = W′_i · tanh(q_i + W_c v_in) + b′_i",
                              "@channel_scores[i,n] = sum_b(@attention.channel.vector[b] * tanh(@channel_queries[i,b] + "
                              "@attention.channel.channel_weight[b] * @channel_means[i,n])) + @attention.channel.bias[0]",
                              "Chen 2017, section 3.3"},
                     .parameters = {{"@attention.channel.channel_weight", "W_c", {"channel_attention"}, channel_weight},
                                    {"@attention.channel.vector", "W′_i", {"channel_attention"}, vector},
                                    {"@attention.channel.bias", "b′_i", {"unit"}, bias}}};
    });
    const Index channels = means.shape()[-1];
    return observe("channel_gate", scale(softmax(f), static_cast<T>(channels)), [&] {
        return Shown{.role = Role::gate,
                     .symbol = "γ",
                     .title = "Channel gates",
                     .axes = {"output", "channel"},
                     .step = {"align", "γ_i = C softmax(f_i) over the C channels: 1 leaves one as it is",
                              fmt::format("@channel_gate[i,n] = {} * softmax_n(@channel_scores[i,n])", channels),
                              "Chen 2017, section 3.3"}};
    });
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
