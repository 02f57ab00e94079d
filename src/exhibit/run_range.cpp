#include "exhibit/run_range.hpp"

#include <algorithm>
#include <cmath>

namespace saccade {

std::optional<std::int64_t> range_in_run(const Exhibit& exhibit, const std::string& param, const Trace& trace) {
    if (const auto said = trace.reaches().find(param); said != trace.reaches().end()) return said->second;
    // What is picked by a click on a tensor goes as far as the tensor counts.
    for (const Pick& pick : exhibit.picks) {
        const TraceTensor* tensor = pick.param == param ? trace.find(pick.tensor) : nullptr;
        if (tensor == nullptr || tensor->values.empty()) continue;
        float largest = 0;
        for (const float value : tensor->values.values())
            if (std::isfinite(value)) largest = std::max(largest, value);
        return std::lround(largest);
    }
    return std::nullopt;
}

}  // namespace saccade
