#pragma once

#include "model/captioner.hpp"
#include "train/padded_targets.hpp"

namespace saccade {

/// Doubly stochastic attention (Xu 2015, eq. 14): mean over pictures of sum_i (1 - sum_t alpha_ti)^2 / L. Steps after a
/// caption's end do not count. With more locations than words the sums cannot all be 1; what it asks for is that they are
/// alike.
Var<float> doubly_stochastic_loss(const std::vector<Captioner<float>::Step>& steps, const PaddedTargets& targets);

struct ReinforceSettings {
    double weight = 1, entropy = 0.01;
    double discount = 0.5;  // of the rewards of later words
};
/// What a share of 1 in the baseline's parameters stands for in nats: they move by the learning rate at most.
inline constexpr float baseline_unit = 10;

/// The sampler's part of Xu 2015, eq. 12: mean over the steps that sampled of
///   -weight (r_t - b_t) log pi(s_t) - entropy H(pi),     r_t = sum_{k >= t} discount^(k - t) log p(y_k)
/// and of the square (r_t - b_t)^2 (times 0.01), which makes the baseline b_t, baseline_unit times a parameter a step, a
/// moving average of the rewards, as in the paper. The paper's reward is that of the whole sentence; words that were written
/// before a location was drawn do not depend on it. baseline [at least the steps].
Var<float> reinforce_loss(const std::vector<Captioner<float>::Step>& steps, const Tensor<float>& logits,
                          const PaddedTargets& targets, const Var<float>& baseline, const ReinforceSettings& settings);

}  // namespace saccade
