#include "train/adam.hpp"

#include <cmath>
#include <utility>

#include "tensor/eigen.hpp"

namespace saccade {

namespace {

using Values = Eigen::Map<Eigen::ArrayXf>;
using ConstValues = Eigen::Map<const Eigen::ArrayXf>;

Values values_of(Tensor<float>& t) {
    return Values(t.data(), t.size());
}
ConstValues values_of(const Tensor<float>& t) {
    return ConstValues(t.data(), t.size());
}

}  // namespace

Adam::Adam(const WeightMap& weights, Settings settings)
    : settings_(std::move(settings)), first_(zeros_like(weights)), second_(zeros_like(weights)) {}

void Adam::step(WeightMap& weights, const WeightMap& gradients, double learning_rate) {
    ++updates_;
    const auto t = static_cast<double>(updates_);
    const auto b1 = static_cast<float>(settings_.beta1);
    const auto b2 = static_cast<float>(settings_.beta2);
    const auto rate = static_cast<float>(learning_rate / (1 - std::pow(settings_.beta1, t)));
    const auto root_correction = static_cast<float>(1 / std::sqrt(1 - std::pow(settings_.beta2, t)));
    const auto epsilon = static_cast<float>(settings_.epsilon);
    for (auto& [name, tensor] : weights) {
        const ConstValues g = values_of(gradients.at(name));
        Values m = values_of(first_.at(name));
        Values v = values_of(second_.at(name));
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * g.square();
        const float own = settings_.rate_share ? rate * static_cast<float>(settings_.rate_share(name)) : rate;
        values_of(tensor) -= own * m / (v.sqrt() * root_correction + epsilon);
    }
}

WeightMap Adam::state() const {
    WeightMap all;
    add_prefixed(all, "adam.m.", first_);
    add_prefixed(all, "adam.v.", second_);
    return all;
}

void Adam::restore(const WeightMap& checkpoint, Index updates) {
    WeightMap first = checkpoint_part(checkpoint, "adam.m.", first_);
    second_ = checkpoint_part(checkpoint, "adam.v.", second_);
    first_ = std::move(first);
    updates_ = updates;
}

double clip_by_global_norm(WeightMap& gradients, double limit) {
    double sum = 0;
    for (const auto& [name, g] : gradients) sum += values_of(g).cast<double>().square().sum();
    const double norm = std::sqrt(sum);
    if (norm > limit)
        for (auto& [name, g] : gradients) values_of(g) *= static_cast<float>(limit / norm);
    return norm;
}

}  // namespace saccade
