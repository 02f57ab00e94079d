#pragma once

#include "train/optimiser.hpp"

namespace saccade {

/// Stochastic gradient descent with Nesterov's momentum, as Sutskever 2013 ("On the importance of initialization and momentum
/// in deep learning", eq. 3 and 4), written for the point where the gradient is taken (Bengio 2013, eq. 7):
///   g += decay w;   v = momentum v + g;   w -= lr (g + momentum v)
/// Weight decay is for matrices and kernels alone: gains and biases (tensors of rank 1) have none (He 2019, "Bag of tricks for
/// image classification", section 3.1).
class Sgd : public Optimiser {
 public:
    struct Settings {
        double momentum = 0.9, weight_decay = 5e-4;
    };

    Sgd(const WeightMap& weights, Settings settings) : settings_(settings), velocity_(zeros_like(weights)) {}

    void step(WeightMap& weights, const WeightMap& gradients, double learning_rate) override;
    Index updates() const override { return updates_; }
    WeightMap state() const override;
    void restore(const WeightMap& checkpoint, Index updates) override;

 private:
    Settings settings_;
    WeightMap velocity_;
    Index updates_ = 0;
};

}  // namespace saccade
