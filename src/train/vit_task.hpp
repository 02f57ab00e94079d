#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/task.hpp"

namespace saccade {

/// mnist-vit: a small vision transformer (Dosovitskiy 2021) of grey pictures, 49 patches of 4 x 4 px: class by cross-entropy,
/// each picture shifted at random by up to 3 px. Data: what image_set.hpp reads; all pictures of one size, a multiple of a
/// patch.
std::vector<std::string> vit_task_ids();
std::unique_ptr<Task> make_vit_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
