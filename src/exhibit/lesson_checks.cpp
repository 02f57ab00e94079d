#include "exhibit/lesson_checks.hpp"

#include <algorithm>
#include <set>

#include "trace/formula.hpp"

namespace saccade {

bool depends_on(const Trace& trace, const std::string& tensor, const std::string& cause) {
    std::set<std::string> seen;
    std::vector<std::string> open = {tensor};
    while (!open.empty()) {
        const std::string name = open.back();
        open.pop_back();
        if (name == cause) return true;
        if (!seen.insert(name).second) continue;
        const Step* step = trace.step_of(name);
        if (step == nullptr || step->rule.empty()) continue;
        for (const std::string& operand : operands(parse_rule(step->rule))) open.push_back(operand);
    }
    return false;
}

Claim claim_of(const std::string& tensor, Index checked, double error, double tolerance) {
    Claim claim;
    claim.tensor = tensor;
    claim.checked = checked;
    claim.error = error;
    claim.tolerance = tolerance;
    claim.holds = error <= tolerance;
    return claim;
}

Claim claim_whether(const std::string& tensor, Index checked, bool holds, std::string found) {
    Claim claim = claim_of(tensor, checked, holds ? 0 : 1);
    if (!holds) claim.found = std::move(found);
    return claim;
}

Claim about_rows(Claim claim, const TraceTensor& weights) {
    const Index rows = weights.values.size() / std::max<Index>(weights.values.shape()[-1], 1);
    Index empty = 0;
    for (Index r = 0; r < rows; ++r) empty += sees_nothing(weights, r) ? 1 : 0;
    claim.of = claim.checked;
    if (rows > 0) claim.checked -= claim.checked / rows * empty;
    say_rows_left_out(claim, empty);
    return claim;
}

Claim consequence_holds(const Trace& trace, const std::string& rule, double tolerance) {
    Claim claim = rule_holds(trace, rule, tolerance);
    claim.text.clear();
    return claim;
}

std::function<std::optional<Claim>(const Trace&)> rule_check(const std::string& tensor) {
    return [tensor](const Trace& trace) -> std::optional<Claim> {
        const Step* step = trace.step_of(tensor);
        if (step == nullptr || step->rule.empty()) return std::nullopt;
        return rule_holds(trace, step->rule);
    };
}

std::function<std::optional<Claim>(const Trace&)> sum_check(const std::string& tensor) {
    return [tensor](const Trace& trace) -> std::optional<Claim> {
        const TraceTensor* weights = trace.find(tensor);
        // With one key there is nothing to share out.
        if (weights == nullptr || weights->values.shape()[-1] < 2) return std::nullopt;
        return rows_sum_to_one(*weights);
    };
}

}  // namespace saccade
