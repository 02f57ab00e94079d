#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "train/task.hpp"

namespace saccade {

// What `train` and `eval` wait for, told on stderr where it takes long (cli/waiting_line.hpp).

/// make_task, which reads the data.
std::unique_ptr<Task> told_task(const std::string& id, const TrainOptions& options);
/// Task::evaluate.
std::map<std::string, double> told_metrics(const Task& task, const WeightMap& weights, Index n, const std::stop_token& stop);

}  // namespace saccade
