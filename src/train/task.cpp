#include "train/task.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "train/dates_task.hpp"

namespace saccade {

std::string to_string(const TrainOptions& options) {
    std::string text = fmt::format("seed {}", options.seed);
    if (options.epochs > 0) text += fmt::format(", {} epochs", options.epochs);
    if (options.batch_size > 0) text += fmt::format(", batches of {}", options.batch_size);
    if (options.learning_rate > 0) text += fmt::format(", learning rate {}", options.learning_rate);
    if (!options.data_path.empty()) text += ", data " + options.data_path;
    for (const auto& [name, value] : options.extra) text += fmt::format(", {} {}", name, value);
    return text;
}

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
