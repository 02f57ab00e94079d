#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// Questions about dates (train/date_questions_data.hpp) with model/date_questions.hpp: focus, max pooling and gating learn
/// together, each with a loss of its own, over the same annotations. Options: "alignment_loss" (coefficient of the supervision
/// of focus; default 0) and "steps" (an epoch).
std::unique_ptr<Task> make_date_questions_task(const TrainOptions& options);

}  // namespace saccade
