#include "exhibit/run_range.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "exhibit/vision_network.hpp"

namespace saccade {

namespace {

/// `param` of `exhibit` counts along an axis, or what a tensor holds: of several rules the first whose axis or tensor the run
/// has.
struct CountsAlong {
    std::string_view exhibit, param, along;
};

constexpr std::array counting_rules{
    CountsAlong{"alignment", "hypothesis", "beam.rank"}, CountsAlong{"transformer", "hypothesis", "beam.rank"},
    CountsAlong{"transformer", "gradient_of", "output"}, CountsAlong{"captioning", "hypothesis", "beam.rank"},
    CountsAlong{"temporal", "hypothesis", "beam.rank"},  CountsAlong{"checkpoint", "position", "output"},
    CountsAlong{"checkpoint", "position", "token"},      CountsAlong{"vision-checkpoint", "query", "token"},
    CountsAlong{"vision-checkpoint", "class", "class"}};

std::optional<std::int64_t> counted_in_run(const Trace& trace, const std::string& along) {
    if (const AxisPtr axis = trace.axis(along)) return axis->extent;
    const TraceTensor* tensor = trace.find(along);
    if (tensor == nullptr || tensor->values.empty()) return std::nullopt;
    float largest = 0;
    for (const float value : tensor->values.values())
        if (std::isfinite(value)) largest = std::max(largest, value);
    return std::lround(largest);
}

}  // namespace

std::optional<std::int64_t> range_in_run(const Exhibit& exhibit, const std::string& param, const Params& params,
                                         const Trace& trace) {
    if (exhibit.id == "vision-checkpoint" && param == "block") return gates_in_network(params);
    for (const CountsAlong& rule : counting_rules) {
        if (rule.exhibit != exhibit.id || rule.param != param) continue;
        if (const auto most = counted_in_run(trace, std::string(rule.along))) return most;
    }
    return std::nullopt;
}

}  // namespace saccade
