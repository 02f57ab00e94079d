#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/rnn_shapes.hpp"
#include "train/task.hpp"

namespace saccade {

/// The networks of rnn-shapes (model/rnn_shapes.hpp), each on dates of the generator (train/dates_data.hpp):
///   rnn-1-to-n-CELL       a month's number -> its English name, character by character
///   rnn-n-to-1-CELL[-bi]  a written date -> which month
///   rnn-n-to-n-CELL[-bi]  a written date -> for each character: year, month, day or other
///   rnn-n-to-m-CELL[-bi]  a written date -> ISO 8601, through the last state alone
/// Option: "steps" (an epoch).
std::unique_ptr<Task> make_rnn_shapes_task(const std::string& id, const TrainOptions& options);
std::vector<std::string> rnn_task_ids();
/// Those that are bundled, in the order in which the exhibit offers them.
std::vector<RnnDesign> rnn_designs();

}  // namespace saccade
