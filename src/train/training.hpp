#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "model/model_store.hpp"
#include "trace/trace.hpp"
#include "train/task.hpp"

namespace saccade {

/// One point of the curves.
struct TrainPoint {
    Index step = 0;
    double seconds = 0;            // of training, pauses not counted
    double loss = 0;               // mean over the steps since the last point
    std::optional<double> metric;  // the task's headline metric on held-out examples, where it was measured
};

/// Curves as a trace: axis kind step, tensors "loss" (each point) and the headline metric by its name (where it was measured),
/// role metric.
std::shared_ptr<const Trace> curves_of(const std::vector<TrainPoint>& points, const std::string& headline = "exact_match");
/// "exact_match" -> "Exact match", "bleu_greedy" -> "BLEU, greedy".
std::string metric_title(const std::string& name);

/// Weights as they were at a step, usable as the model of a run.
struct Snapshot {
    Index step = 0;
    ModelPtr model;
};

/// Which of the snapshots taken at these steps (ascending, at least three) is missed least: the one whose neighbours are
/// closest for its age, never the first or the last. So the spacing comes to grow with the step, since a model learns most of
/// what it will early.
std::size_t snapshot_to_drop(std::span<const Index> steps);

/// A training that runs on its own thread, at low priority, and can be looked at meanwhile. All calls return at once and are
/// safe from any thread.
class Training {
 public:
    enum class State { running, paused, finished, stopped, failed };

    /// Starts from scratch; or goes on from a checkpoint (weights, optimiser, step, curves) if `resume_from` names one.
    Training(std::string task, TrainOptions options, const std::string& resume_from = {});
    ~Training();  // stops and joins

    void pause();
    void resume();
    void stop();
    State state() const;
    std::optional<Error> error() const;
    Index step() const;
    Index total_steps() const;
    double seconds() const;
    double seconds_left() const;
    double steps_per_second() const;
    std::vector<TrainPoint> points() const;
    std::string headline() const;  // name of the points' metric
    /// Of the card: the model that it started from (model_store.hpp), null if it began with random weights.
    nlohmann::json starts_from() const;
    /// Steps of the snapshots that are kept: dense at first, thinned so that at most 64 (8 of large models: 64 MB) stay, first
    /// and last always.
    std::vector<Index> snapshot_steps() const;
    /// The snapshot at or before a step; null before the first.
    ModelPtr snapshot(Index step) const;
    ModelPtr latest() const;
    /// Writes a checkpoint from which the training can be resumed (safetensors with optimiser state); or the model alone (F16),
    /// its card without metrics in the metadata. Both wait for at most the step under way. Error{io}.
    void save_checkpoint(const std::string& path) const;
    void save_model(const std::string& path) const;
    /// The curves so far, drawn by the view "curves".
    std::shared_ptr<const Trace> curves() const;

 private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace saccade
