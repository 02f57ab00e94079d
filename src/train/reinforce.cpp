#include "train/reinforce.hpp"

#include <cmath>

#include "attention/glimpse.hpp"
#include "autograd/ops.hpp"

namespace saccade {

namespace {

/// p(target) of each row.
template <class T>
Tensor<T> probability_of(const Tensor<T>& logits, std::span<const Index> targets) {
    const Tensor<T> logs = log_softmax<T>(Var<T>(logits)).value();
    Tensor<T> p = Tensor<T>::uninitialized({logits.shape()[0]});
    for (Index i = 0; i < p.size(); ++i) p.data()[i] = std::exp(logs.row(i).data()[targets[static_cast<std::size_t>(i)]]);
    return p;
}

}  // namespace

template <class T>
Var<T> hybrid_loss(const GlimpseEpisode<T>& episode, std::span<const Index> targets, T deviation, T earlier) {
    const std::size_t glimpses = episode.logits.size();
    if (glimpses == 0 || episode.means.size() + 1 != glimpses || episode.places.size() + 1 != glimpses ||
        episode.baselines.size() + 1 != glimpses)
        throw Error(ErrorCode::invalid_input, "hybrid_loss: a path of T glimpses chooses T - 1 places", "pass all of them");
    Var<T> loss = cross_entropy<T>(episode.logits.back(), targets);
    if (glimpses == 1) return loss;
    const T steps = static_cast<T>(glimpses - 1);
    const Tensor<T> reward = probability_of(episode.logits.back().value(), targets);
    for (std::size_t t = 0; t + 1 < glimpses; ++t) {
        if (earlier > 0) loss = add(loss, scale(cross_entropy<T>(episode.logits[t], targets), earlier / steps));
        Tensor<T> advantage = reward.clone();
        const Tensor<T>& expected = episode.baselines[t].value();
        for (Index i = 0; i < advantage.size(); ++i) advantage.data()[i] -= expected.data()[i];
        const Var<T> density = gaussian_log_density(episode.places[t], episode.means[t], deviation);
        loss = add(loss, scale(mean(mul(density, Var<T>(advantage)), 0), T(-1)));
        const Var<T> off = sub(episode.baselines[t], Var<T>(reward));
        loss = add(loss, scale(mean(mul(off, off), 0), 1 / steps));
    }
    return loss;
}

template Var<float> hybrid_loss(const GlimpseEpisode<float>&, std::span<const Index>, float, float);
template Var<double> hybrid_loss(const GlimpseEpisode<double>&, std::span<const Index>, double, double);

}  // namespace saccade
