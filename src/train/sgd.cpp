#include "train/sgd.hpp"

namespace saccade {

void Sgd::step(WeightMap& weights, const WeightMap& gradients, double learning_rate) {
    ++updates_;
    const auto rate = static_cast<float>(learning_rate);
    const auto momentum = static_cast<float>(settings_.momentum);
    for (auto& [name, tensor] : weights) {
        const auto decay = static_cast<float>(tensor.shape().rank() > 1 ? settings_.weight_decay : 0);
        const float* gradient = gradients.at(name).data();
        float* velocity = velocity_.at(name).data();
        float* w = tensor.data();
        for (Index i = 0; i < tensor.size(); ++i) {
            const float g = gradient[i] + decay * w[i];
            velocity[i] = momentum * velocity[i] + g;
            w[i] -= rate * (g + momentum * velocity[i]);
        }
    }
}

WeightMap Sgd::state() const {
    WeightMap all;
    add_prefixed(all, "sgd.velocity.", velocity_);
    return all;
}

void Sgd::restore(const WeightMap& checkpoint, Index updates) {
    velocity_ = checkpoint_part(checkpoint, "sgd.velocity.", velocity_);
    updates_ = updates;
}

}  // namespace saccade
