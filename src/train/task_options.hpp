#pragma once

#include <functional>
#include <string>
#include <vector>

#include "train/task.hpp"

namespace saccade {

/// An option of a task that is a number in [least, most).
struct TaskOption {
    std::string name;
    double least, most;
    std::function<void(double)> set;
};

/// A whole number from 1 on.
TaskOption whole_option(const std::string& name, double most, Index& place);

/// Puts the options' extra ones into their places. Error{usage} lists `known` where one is unknown or out of range.
void read_task_options(const std::string& id, const TrainOptions& options, const std::vector<TaskOption>& known);

}  // namespace saccade
