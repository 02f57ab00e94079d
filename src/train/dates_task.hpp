#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// Dates to ISO (train/dates_data.hpp) with the encoder-decoder of model/seq2seq.hpp. Options: "alignment_loss" (its
/// coefficient) and "steps" (an epoch).
std::unique_ptr<Task> make_dates_task(const TrainOptions& options);

}  // namespace saccade
