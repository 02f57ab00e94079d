#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// Classes of small pictures (image_set.hpp), by residual networks of depth 20 that differ in the attention of their blocks:
///   cifar-resnet20        none (He 2016)
///   cifar-se-resnet20     squeeze-and-excitation (Hu 2018)
///   cifar-cbam-resnet20   CBAM (Woo 2018)
/// One recipe: SGD with Nesterov momentum and weight decay, a warm-up and half a cosine over the epochs asked for, random
/// windows and mirroring, label smoothing; statistics of the norms from training pictures with the final weights (Wu and
/// Johnson 2021, "Rethinking 'batch' in batch norm", section 3.1). Options: learning_rate, weight_decay, smoothing, warm_up
/// (share of the steps), batch, small (pixels of the windows in the first part) and small_share (which part). Error{usage}
/// without a folder.
std::unique_ptr<Task> make_resnet_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> resnet_task_ids();

}  // namespace saccade
