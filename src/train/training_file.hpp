#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/training.hpp"

namespace saccade {

/// A checkpoint: a safetensors file ("model.*" and the optimiser's state in F32) whose metadata entry "training" holds the rest
/// as JSON.
struct TrainingFile {
    std::string task;
    TrainOptions options;
    Index step = 0;
    double seconds = 0;
    std::vector<TrainPoint> points;
    nlohmann::json starts_from{};  // of the card; null: it began with random weights
    WeightMap tensors;
};

void write_training_file(const std::string& path, const TrainingFile& file);
/// Error{io} or {bad_format}: a model without optimiser state is no checkpoint, and the message says so.
TrainingFile read_training_file(const std::string& path);
/// Whether it was a checkpoint, as far as one can tell, though it may be damaged: empty, cut off, with a header or metadata
/// that cannot be read. False for a file of another kind, a model without optimiser state too. Error{io}.
bool may_be_training_file(const std::string& path);

}  // namespace saccade
