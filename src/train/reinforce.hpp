#pragma once

#include <vector>

#include "autograd/var.hpp"

namespace saccade {

/// What happened along a path of T glimpses, for n pictures at once.
template <class T>
struct GlimpseEpisode {
    std::vector<Var<T>> logits;     // T of [n, classes]: after each glimpse
    std::vector<Var<T>> means;      // T - 1 of [n, 2]: of the policy that chose the next place
    std::vector<Tensor<T>> places;  // T - 1 of [n, 2]: what it chose, before clipping to the picture
    std::vector<Var<T>> baselines;  // T - 1 of [n]: the reward that was expected before that
};

/// The hybrid loss of Mnih 2014, section 3.2: what classifies learns by cross-entropy, what chooses places by REINFORCE
/// (Williams 1992),
///   -1/n Σ_i Σ_t (R_i - b_it) log π(l_it | μ_it)  +  1/n Σ_i mean_t (R_i - b_it)²
/// where the second term teaches the baseline b and neither R nor (R - b) of the first is followed back. R is the probability
/// of the right class after the last glimpse: what the paper's reward, 1 if the class is right, is worth on average if the
/// class is drawn as the belief says. n pictures, times Monte Carlo samples of each: rows.
///   `earlier`: how much the mean cross-entropy of the earlier glimpses counts beside that of the last (0 in the paper); it
///   makes what the model believes on the way mean something.
template <class T>
Var<T> hybrid_loss(const GlimpseEpisode<T>& episode, std::span<const Index> targets, T deviation, T earlier);

}  // namespace saccade
