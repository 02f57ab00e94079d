#include "train/task_options.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "base/error.hpp"

namespace saccade {

TaskOption whole_option(const std::string& name, double most, Index& place) {
    return {name, 1, most, [&place](double v) { place = static_cast<Index>(v); }};
}

void read_task_options(const std::string& id, const TrainOptions& options, const std::vector<TaskOption>& known) {
    for (const auto& [name, value] : options.extra) {
        const auto found = std::ranges::find(known, name, &TaskOption::name);
        if (found != known.end() && value >= found->least && value < found->most) {
            found->set(value);
            continue;
        }
        std::string all;
        for (const TaskOption& o : known)
            all += fmt::format("{}{} (from {}, below {})", all.empty() ? "" : ", ", o.name, o.least, o.most);
        throw Error(ErrorCode::usage, fmt::format("{}: option {}={} is unknown or out of range", id, name, value),
                    "the options are: " + all);
    }
}

}  // namespace saccade
