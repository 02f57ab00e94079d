#pragma once

#include "train/task.hpp"

namespace saccade {

/// reading, and reading-plain without a rectifier: readers (model/text_reader.hpp) of words that train/reading_data.hpp draws.
std::vector<std::string> reading_task_ids();
std::unique_ptr<Task> make_reading_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
