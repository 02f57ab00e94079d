#include "cli/told_task.hpp"

#include <fmt/format.h>

#include "base/printable.hpp"
#include "cli/waiting_line.hpp"

namespace saccade {

std::unique_ptr<Task> told_task(const std::string& id, const TrainOptions& options) {
    const WaitingLine line("reading the data of " + printable(id));
    return make_task(id, options);
}

std::map<std::string, double> told_metrics(const Task& task, const WeightMap& weights, Index n, const std::stop_token& stop) {
    const WaitingLine line(fmt::format("measuring {} on {} held-out examples", task.id(), n));
    return task.evaluate(weights, n, stop);
}

}  // namespace saccade
