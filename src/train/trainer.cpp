#include "train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/parallel.hpp"
#include "train/adam.hpp"

namespace saccade {

namespace {

/// Adds the gradients of all shards in shard order, divided by their number.
Tensor<float> mean_gradient(const std::vector<const Tensor<float>*>& parts) {
    Tensor<float> sum = parts.front()->clone();
    float* out = sum.data();
    for (std::size_t s = 1; s < parts.size(); ++s) {
        const float* part = parts[s]->data();
        for (Index i = 0; i < sum.size(); ++i) out[i] += part[i];
    }
    const float share = 1.0f / static_cast<float>(parts.size());
    for (Index i = 0; i < sum.size(); ++i) out[i] *= share;
    return sum;
}

WeightMap initial(const Task& task, std::uint64_t seed, const Model* start) {
    Rng rng = Rng(seed).fork("initial weights");
    WeightMap fresh = task.initial_weights(rng);
    return start == nullptr ? fresh : task.started_from(*start, std::move(fresh));
}

}  // namespace

Trainer::Trainer(const Task& task, std::uint64_t seed, const Model* start)
    : task_(task), rng_(Rng(seed).fork("batches")), weights_(initial(task, seed, start)), optimiser_(task.optimiser(weights_)) {
    for (int s = 0; s < task.shards(); ++s) tapes_.push_back(std::make_unique<Tape<float>>());
}

double Trainer::step() {
    const Index step = steps_done();
    const auto shards = static_cast<std::size_t>(task_.shards());
    std::vector<WeightMap> gradients(shards);
    std::vector<double> losses(shards);
    parallel_for(static_cast<std::int64_t>(shards), [&](std::int64_t s) {
        const auto shard = static_cast<std::size_t>(s);
        Tape<float>& tape = *tapes_[shard];
        tape.clear();
        const Weights<float> weights(weights_, &tape);
        Rng rng = rng_.fork("shard", static_cast<std::uint64_t>(step * task_.shards() + s));
        const Var<float> loss = task_.shard_loss(weights, step, static_cast<int>(s), rng);
        tape.backward(loss);
        for (const auto& [name, leaf] : weights.leaves()) gradients[shard].emplace(name, tape.grad(leaf));
        losses[shard] = static_cast<double>(loss.value().item());
    });

    double loss = 0;
    for (const double l : losses) loss += l / static_cast<double>(shards);
    if (!std::isfinite(loss))
        throw Error(ErrorCode::numeric, "training step " + std::to_string(step) + ": the loss is not a finite number",
                    "lower the learning rate");

    WeightMap mean;
    for (const auto& [name, tensor] : weights_) {
        std::vector<const Tensor<float>*> parts;
        for (const WeightMap& g : gradients) parts.push_back(&g.at(name));
        mean.emplace(name, mean_gradient(parts));
    }
    clip_by_global_norm(mean, task_.clip_norm());
    optimiser_->step(weights_, mean, task_.learning_rate(step));
    return loss;
}

WeightMap Trainer::weights_copy() const {
    WeightMap copy;
    for (const auto& [name, tensor] : weights_) copy.emplace(name, tensor.clone());
    return copy;
}

WeightMap Trainer::checkpoint() const {
    WeightMap all = optimiser_->state();
    add_prefixed(all, "model.", weights_);
    return all;
}

void Trainer::restore(const WeightMap& checkpoint, Index steps_done) {
    WeightMap weights = checkpoint_part(checkpoint, "model.", weights_);
    optimiser_->restore(checkpoint, steps_done);
    weights_ = std::move(weights);
}

double measure_training_step_ms(const Task& task, int steps) {
    Trainer trainer(task, 7);
    for (int i = 0; i < std::max(3, steps / 5); ++i) trainer.step();
    std::vector<double> times;
    for (int i = 0; i < steps; ++i) {
        const auto start = std::chrono::steady_clock::now();
        trainer.step();
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
    }
    std::nth_element(times.begin(), times.begin() + steps / 2, times.end());
    return times[static_cast<std::size_t>(steps / 2)];
}

}  // namespace saccade
