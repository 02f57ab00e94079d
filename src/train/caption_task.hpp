#pragma once

#include "train/task.hpp"

namespace saccade {

/// captions-soft, captions-hard, captions-sca (channels first), captions-sca-spatial-channel: captioners of scenes
/// (train/caption_scene.hpp) in English and Chinese.
std::vector<std::string> caption_task_ids();
std::unique_ptr<Task> make_caption_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
