#include "train/task.hpp"

#include "base/error.hpp"
#include "train/dates_task.hpp"

namespace saccade {

std::vector<std::string> task_ids() {
    return {"dates"};
}

std::unique_ptr<Task> make_task(const std::string& id, const TrainOptions& options) {
    if (id == "dates") return make_dates_task(options);
    std::string known;
    for (const std::string& task : task_ids()) known += (known.empty() ? "" : ", ") + task;
    throw Error(ErrorCode::usage, "no model '" + id + "' that can be trained", "one of: " + known);
}

}  // namespace saccade
