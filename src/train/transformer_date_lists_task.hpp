#pragma once

#include <memory>

#include "train/task.hpp"

namespace saccade {

/// date-lists-POSITION: small transformers (Vaswani 2017) that differ in their position code alone, on the lists of dates of
/// date_lists_data.hpp. They learn on lists of 1 to 3 dates and are measured on lists of 1 to 6: what each code makes of texts
/// longer than any it was trained on (Press 2021 asks the same of language models). Metrics: exact_match (1 to 3 dates),
/// exact_match_1 to exact_match_6, accuracy_1 to accuracy_6 (of characters, the right ones before them given), loss. Options:
/// "steps" (an epoch).
std::unique_ptr<Task> make_transformer_date_lists_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> transformer_date_lists_task_ids();

}  // namespace saccade
