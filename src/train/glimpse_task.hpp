#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/task.hpp"

namespace saccade {

/// Recurrent visual attention (Mnih 2014), each picture read by a few glimpses:
///   glimpses-mnist        the pictures as they are, shifted by up to 2 px: 6 glimpses of 8 x 8, 1 scale
///   glimpses-translated   somewhere on a canvas of 60 x 60: 8 glimpses of 12 x 12, 3 scales
///   glimpses-cluttered    the same, with 4 pieces of 8 x 8 of other pictures
/// Data: what image_set.hpp reads, as grey.
std::vector<std::string> glimpse_task_ids();
std::unique_ptr<Task> make_glimpse_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
