#pragma once

#include "train/task.hpp"

namespace saccade {

/// temporal (attention over frames), temporal-space (over places of frames): describers of clips (train/clip_scene.hpp) in
/// English and Chinese.
std::vector<std::string> clip_task_ids();
std::unique_ptr<Task> make_clip_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
