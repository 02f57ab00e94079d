#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "model/weights.hpp"
#include "train/optimiser.hpp"

namespace saccade {

struct Model;

/// What a person may set before a training; each task fills in its own defaults.
struct TrainOptions {
    std::string data_path;        // empty: the task's generator
    std::string dictionary_path;  // for tasks that can learn from one; empty: none
    std::string from;             // a model to start from, bundled or a .safetensors; empty: from random weights
    int epochs = 0;               // 0: the task's default
    std::uint64_t seed = 7;
    int batch_size = 0;  // 0: the task's default
    double learning_rate = 0;
    std::map<std::string, double> extra;  // task options by name ("alignment_loss"); Error{usage} lists the options

    bool operator==(const TrainOptions&) const = default;
};

/// "seed 7, 3 epochs, alignment_loss 0.5": what differs from the task's defaults, and the seed.
std::string to_string(const TrainOptions& options);

/// How often a training is measured while it runs, in steps.
struct TrainingIntervals {
    Index points = 10;       // between points of the loss curve
    Index evaluations = 25;  // between measurements of the headline metric
    Index snapshots = 5;     // between snapshots, of which the older are thinned
    Index examples = 128;    // held-out examples that a measurement looks at
};

/// A model that learns from data: everything the trainer must know. One per model family, in train/.
class Task {
 public:
    virtual ~Task() = default;
    virtual std::string id() const = 0;  // "dates"
    virtual WeightMap initial_weights(Rng& rng) const = 0;
    /// What a training that starts from a model starts with: its tensors in the place of fresh ones. Error{bad_format} if it is
    /// no such model: a tensor is missing or has another shape, or its card has other classes or another vocabulary.
    virtual WeightMap started_from(const Model& start, WeightMap fresh) const;
    virtual Index steps_per_epoch() const = 0;
    virtual int default_epochs() const = 0;
    /// Loss of one shard of a batch, on this shard's tape; called from several threads at once with different shards.
    /// Draws the examples of (step, shard) from `rng` alone, so that a step is the same at any thread count.
    virtual Var<float> shard_loss(const Weights<float>& weights, Index step, int shard, Rng& rng) const = 0;
    /// Shards a step is cut into; fixed, whatever the machine.
    virtual int shards() const = 0;
    /// Learning rate at a step, and clip norm.
    virtual double learning_rate(Index step) const = 0;
    virtual double clip_norm() const { return 1.0; }
    /// What turns gradients into updates; Adam unless the task says otherwise.
    virtual std::unique_ptr<Optimiser> optimiser(const WeightMap& weights) const;
    virtual TrainingIntervals intervals() const { return {}; }
    /// Recomputes what is measured rather than learned: the population statistics of batch norms. Called on a copy of the
    /// weights before they are evaluated, kept as a snapshot, or saved. Default: nothing.
    virtual void recalibrate_norms(WeightMap& weights, std::stop_token stop) const;
    /// How many held-out examples metrics are measured on by default.
    virtual Index usual_held_out() const { return 2000; }
    /// How many held-out examples there are, if `wanted` are asked for.
    virtual Index held_out(Index wanted) const { return wanted; }
    /// Metrics on held-out examples (at most n), names as in the command line contract: exact_match, gold_weight, loss...
    virtual std::map<std::string, double> evaluate(const WeightMap& weights, Index n, std::stop_token stop) const = 0;
    /// The metric that the curves show beside the loss, a share from 0 to 1.
    virtual std::string headline() const { return "exact_match"; }
    /// The headline metric alone, on at most n held-out examples, while training goes on; nullopt: there is none.
    virtual std::optional<double> progress_metric(const WeightMap& weights, Index n, std::stop_token stop) const;
    /// Data, licence, sizes: the fixed part of the model card.
    virtual nlohmann::json card() const = 0;
    /// Before a finished model is measured: takes from its card what was made of the training data, such as vocabularies.
    /// Error{bad_format} names `where`. Default: nothing.
    virtual void read_card(const nlohmann::json& card, const std::string& where);
};

/// Error{usage} lists the models that can be trained.
std::unique_ptr<Task> make_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> task_ids();

}  // namespace saccade
