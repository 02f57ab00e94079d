#pragma once

#include "train/task.hpp"

namespace saccade {

/// english: a small GPT-2 (Radford 2019) with byte-level BPE, on the English sentences of the Tatoeba pairs.
std::vector<std::string> english_task_ids();
std::unique_ptr<Task> make_english_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
