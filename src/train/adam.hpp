#pragma once

#include <map>
#include <string>

#include "model/weights.hpp"

namespace saccade {

/// Adam (Kingma and Ba 2015, algorithm 1), with bias correction:
///   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)
class Adam {
 public:
    struct Settings {
        double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
    };

    explicit Adam(const WeightMap& weights) : Adam(weights, Settings{}) {}
    Adam(const WeightMap& weights, Settings settings);

    /// One update in place; `gradients` by the names of the weights, all of them.
    void step(WeightMap& weights, const WeightMap& gradients, double learning_rate);

    /// State for checkpoints.
    const WeightMap& first_moments() const { return first_; }
    const WeightMap& second_moments() const { return second_; }
    Index updates() const { return updates_; }
    void restore(WeightMap first, WeightMap second, Index updates);

 private:
    Settings settings_;
    WeightMap first_, second_;
    Index updates_ = 0;
};

/// Scales all gradients so that their common Euclidean norm is at most `limit` (Pascanu 2013, algorithm 1). Returns the norm
/// before.
double clip_by_global_norm(WeightMap& gradients, double limit);

}  // namespace saccade
