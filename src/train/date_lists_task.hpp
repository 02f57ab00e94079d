#pragma once

#include <memory>

#include "train/date_lists_data.hpp"
#include "train/task.hpp"

namespace saccade {

/// Lists of dates, "30 Sep 2019; 2001年1月1日" to "2019-09-30;2001-01-01": sequences as long as one likes, to see what becomes
/// of a fixed context. "date-lists": GRU with additive attention; "date-lists-fixed": the same without attention (Cho 2014).
/// Both learn on lists of 1 to 4 dates, unsupervised, in the same way. Options: "steps" (an epoch).
std::unique_ptr<Task> make_date_lists_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> date_lists_task_ids();

}  // namespace saccade
