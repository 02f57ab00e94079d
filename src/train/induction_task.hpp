#pragma once

#include "train/task.hpp"

namespace saccade {

/// A two-layer, attention-only language model on which induction heads form: "induction". It learns from English sentences that
/// recur and from random tokens that repeat; training needs --data (cmn-eng.txt), evaluation on random tokens does not.
/// Metrics: induction_score (best head, Olsson 2022), of every head as induction_score_LAYER_HEAD, counted from 1;
/// loss_repeated on what random tokens repeat, loss_ablated the same without the best head; loss on held-out text, if --data is
/// given.
/// Options: d_model, heads, clip, merges, steps.
std::vector<std::string> induction_task_ids();
std::unique_ptr<Task> make_induction_task(const std::string& id, const TrainOptions& options);

}  // namespace saccade
