#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// Dates to ISO (train/dates_data.hpp) with the encoder-decoder of model/seq2seq.hpp. "dates": additive scores, softmax.
/// "dates-SCORE": that score function, softmax. "dates-ALIGNMENT": additive scores, that alignment function, of all that can be
/// trained (those that sample by REINFORCE, Xu 2015). "dates-SCORE-ALIGNMENT", of alignments with parameters. Options:
/// "alignment_loss" (its coefficient; 0 for those that sample), "steps" (an epoch) and "window" (D of the local ones).
std::unique_ptr<Task> make_dates_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> dates_task_ids();
/// The id of the model that was trained with this score and alignment function, or else with the score function and softmax.
std::string dates_model_for(const std::string& score, const std::string& alignment);

}  // namespace saccade
