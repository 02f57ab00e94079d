#include "trace/claims.hpp"

#include <algorithm>
#include <cmath>

#include "trace/formula_evaluate.hpp"

namespace saccade {

namespace {

constexpr double row_tolerance = 1e-5;
// Relative to the largest value of the tensor: float32 sums of a few hundred terms stay far below.
constexpr double rule_tolerance = 2e-5;
constexpr double smallest_scale = 1e-2;

/// What the model computed: the values before interventions, if there were any.
const float* computed(const TraceTensor& tensor) {
    return tensor.before.empty() ? tensor.values.data() : tensor.before.data();
}

std::string symbol_of(const TraceTensor& t) {
    return t.info.symbol.empty() ? t.info.name : t.info.symbol;
}

std::vector<Index> index_of(Index flat, const Shape& shape) {
    std::vector<Index> index(static_cast<std::size_t>(shape.rank()));
    for (int a = shape.rank() - 1; a >= 0; --a) {
        index[static_cast<std::size_t>(a)] = flat % shape[a];
        flat /= shape[a];
    }
    return index;
}

}  // namespace

Claim rows_sum_to_one(const TraceTensor& weights) {
    Claim claim;
    claim.text = "every row of " + symbol_of(weights) + " sums to 1";
    claim.tensor = weights.info.name;
    claim.tolerance = row_tolerance;
    const Index columns = weights.values.shape()[-1];
    for (Index r = 0; columns > 0 && r < weights.values.size() / columns; ++r) {
        double sum = 0;
        bool edited = false;
        for (Index c = 0; c < columns; ++c) {
            sum += static_cast<double>(computed(weights)[r * columns + c]);
            edited = edited || weights.edited(r * columns + c);
        }
        claim.edited += edited ? 1 : 0;
        ++claim.checked;
        // A row that is masked as a whole is zeros, by definition.
        const double error = !std::isfinite(sum) ? INFINITY : sum == 0 ? 0 : std::abs(sum - 1);
        claim.error = std::max(claim.error, error);
    }
    claim.holds = claim.error <= claim.tolerance;
    return claim;
}

Claim rule_holds(const Trace& trace, const std::string& text, double tolerance, Index max_cells) {
    const Rule parsed = parse_rule(text);
    check_rule(parsed, trace);
    const TraceTensor& result = trace.tensor(parsed.result);
    const BoundRule rule(parsed, trace);
    Claim claim;
    claim.text = text;
    claim.tensor = parsed.result;
    const Index size = result.values.size();
    const Index cells = std::min(size, max_cells);
    double scale = smallest_scale;
    for (const float v : result.values.values())
        if (std::isfinite(v)) scale = std::max(scale, std::abs(static_cast<double>(v)));
    claim.tolerance = tolerance > 0 ? tolerance : rule_tolerance * scale;
    for (Index i = 0; i < cells; ++i) {
        const Index flat = cells < 2 ? 0 : i * (size - 1) / (cells - 1);
        claim.edited += result.edited(flat) ? 1 : 0;
        const auto recorded = static_cast<double>(computed(result)[flat]);
        const double expected = rule.evaluate(index_of(flat, result.values.shape()));
        const double error =
            recorded == expected ? 0 : std::abs(recorded - expected);  // equal infinities: masked on both sides
        claim.error = std::isnan(error) ? INFINITY : std::max(claim.error, error);
        ++claim.checked;
    }
    claim.holds = claim.error <= claim.tolerance;
    return claim;
}

namespace {

/// Rows sum to 1, but for alignment functions that are not normalised (Luong's local-p): those to at most 1.
Claim rows_claim(const Trace& trace, const TraceTensor& weights) {
    Claim claim = rows_sum_to_one(weights);
    const Step* step = trace.step_of(weights.info.name);
    if (step == nullptr || step->normalised) return claim;
    claim.text = "every row of " + symbol_of(weights) + " sums to at most 1";
    claim.error = 0;
    const Index columns = weights.values.shape()[-1];
    for (Index r = 0; r < claim.checked; ++r) {
        double sum = 0;
        for (Index c = 0; c < columns; ++c) sum += static_cast<double>(computed(weights)[r * columns + c]);
        claim.error = std::max(claim.error, std::isfinite(sum) ? sum - 1 : INFINITY);
    }
    claim.holds = claim.error <= claim.tolerance;
    return claim;
}

}  // namespace

std::vector<Claim> check_claims(const Trace& trace, Index max_cells) {
    std::vector<Claim> claims;
    for (const TraceTensor* weights : trace.with_role(Role::weights))
        if (weights->values.shape().rank() > 0) claims.push_back(rows_claim(trace, *weights));
    for (const Step& step : trace.steps()) {
        if (step.rule.empty()) continue;
        claims.push_back(rule_holds(trace, step.rule, 0, max_cells));
        if (!step.formula.empty()) claims.back().text = step.formula;
    }
    return claims;
}

}  // namespace saccade
