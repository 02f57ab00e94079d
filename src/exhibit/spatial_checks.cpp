#include "exhibit/spatial_checks.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace saccade {

namespace {

constexpr const char* features = ".features";

}  // namespace

std::string shown_block(const Trace& trace) {
    for (const TraceTensor& tensor : trace.tensors()) {
        const std::string& name = tensor.info.name;
        if (name.starts_with("stage") && name.ends_with(features))
            return name.substr(0, name.size() - std::string(features).size());
    }
    return {};
}

const TraceTensor* block_tensor(const Trace& trace, const std::string& what) {
    const std::string block = shown_block(trace);
    return block.empty() ? nullptr : trace.find(block + "." + what);
}

LessonCheck block_rule_check(const std::string& what) {
    return [what](const Trace& trace) -> std::optional<Claim> {
        if (block_tensor(trace, what) == nullptr) return std::nullopt;
        return rule_check(shown_block(trace) + "." + what)(trace);
    };
}

LessonCheck gate_check(const std::string& what) {
    return [what](const Trace& trace) -> std::optional<Claim> {
        const TraceTensor* gate = block_tensor(trace, what);
        if (gate == nullptr) return std::nullopt;
        double outside = 0, sum = 0;
        for (const float value : gate->values.values()) {
            outside = std::max({outside, -static_cast<double>(value), static_cast<double>(value) - 1});
            sum += static_cast<double>(value);
        }
        Claim claim = claim_of(gate->info.name, gate->values.size(), outside);
        if (!claim.holds || std::abs(sum - 1) > 1e-3) return claim;
        return claim_whether(gate->info.name, gate->values.size(), false,
                             fmt::format("they sum to {:.4f}, as a softmax's would", sum));
    };
}

}  // namespace saccade
