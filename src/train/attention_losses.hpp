#pragma once

#include <vector>

#include "autograd/var.hpp"

namespace saccade {

// What training asks of attention itself, besides the cross-entropy.

/// -log of the weight on the gold keys, mean over the rows given (Liu 2016; Mi 2016, eq. 7): supervised attention.
/// weights: one [B, n] a step; gold [steps * B * n], 1 on gold keys.
Var<float> alignment_loss(const std::vector<Var<float>>& weights, const std::vector<float>& gold);

/// The part of Xu 2015, eq. 11 and 12, that teaches the sampler of hard attention (REINFORCE, Williams 1992): mean over steps
/// and batch of  -(r - b) log pi(sampled)  -  entropy_weight * H(pi),  pi = softmax(scores + mask).
/// scores: one [B, n] a step; sampled: the one-hot weights drawn there (steps whose weights are not one-hot, since they used
/// the expectation, are left out); rewards [steps * B]: log p of the right output at that step. The baseline b of an example is
/// the mean reward of the others of the batch at the same step, so that it depends on no draw of its own (Kool 2019).
Var<float> reinforce_loss(const std::vector<Var<float>>& scores, const std::vector<Var<float>>& sampled,
                          const std::vector<float>& rewards, const Tensor<float>& mask, float entropy_weight);

}  // namespace saccade
