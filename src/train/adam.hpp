#pragma once

#include <functional>

#include "train/optimiser.hpp"

namespace saccade {

/// Adam (Kingma and Ba 2015, algorithm 1), with bias correction:
///   m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  w -= lr * m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + eps)
class Adam : public Optimiser {
 public:
    struct Settings {
        double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;
        /// By a weight's name: what share of the learning rate is its own; all of it, if there is no such function.
        std::function<double(const std::string&)> rate_share = {};
    };

    explicit Adam(const WeightMap& weights) : Adam(weights, Settings{}) {}
    Adam(const WeightMap& weights, Settings settings);

    void step(WeightMap& weights, const WeightMap& gradients, double learning_rate) override;
    Index updates() const override { return updates_; }
    /// "adam.m.NAME", "adam.v.NAME".
    WeightMap state() const override;
    void restore(const WeightMap& checkpoint, Index updates) override;

 private:
    Settings settings_;
    WeightMap first_, second_;
    Index updates_ = 0;
};

/// Scales all gradients so that their common Euclidean norm is at most `limit` (Pascanu 2013, algorithm 1). Returns the norm
/// before.
double clip_by_global_norm(WeightMap& gradients, double limit);

}  // namespace saccade
