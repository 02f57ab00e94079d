#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/optimiser.hpp"
#include "train/task.hpp"

namespace saccade {

/// The training loop without threads of its own or a clock: one call, one update. What a step does depends on the seed and the
/// step alone, so a training that was stopped and resumed from a checkpoint gives the same weights, bit for bit, as one that
/// was not.
class Trainer {
 public:
    /// From Task::initial_weights; with a `start` from Task::started_from, whose errors pass.
    Trainer(const Task& task, std::uint64_t seed, const Model* start = nullptr);

    /// One update from the next batch: the task's shards in parallel, each on its own tape; gradients are added in the order of
    /// the shards, so the thread count does not change them. Returns the mean loss. Error{numeric} if it is no longer finite.
    double step();

    Index steps_done() const { return optimiser_->updates(); }
    const WeightMap& weights() const { return weights_; }
    /// A copy that later steps do not touch.
    WeightMap weights_copy() const;

    /// Weights and optimiser state as one map ("model.*", and the optimiser's: "adam.m.*", "adam.v.*").
    WeightMap checkpoint() const;
    /// Error{bad_format} if tensors are missing or have other shapes than the task's.
    void restore(const WeightMap& checkpoint, Index steps_done);

 private:
    const Task& task_;
    Rng rng_;
    WeightMap weights_;
    std::unique_ptr<Optimiser> optimiser_;
    std::vector<std::unique_ptr<Tape<float>>> tapes_;  // one per shard, kept for their capacity
};

/// Median milliseconds of one training step of a task, over `steps` steps after a warm-up: for `saccade bench`.
double measure_training_step_ms(const Task& task, int steps);

}  // namespace saccade
