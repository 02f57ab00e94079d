#include "trace/claims.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "trace/formula_evaluate.hpp"
#include "trace/rows_claim.hpp"

namespace saccade {

namespace {

constexpr double row_tolerance = 1e-5;
// Relative to the largest value of the tensor: float32 sums of a few hundred terms stay far below.
constexpr double rule_tolerance = 2e-5;
constexpr double smallest_scale = 1e-2;
// Cells changed by hand that are looked at beyond an even sample: those that changed most, and others.
constexpr Index most_changed = 8, other_edited = 8;

/// What is looked at: visit(values, what the model computed: the values before interventions, if there were any; the first
/// cell's offset). Of what is made when it is looked at (a layer at a time) this is the last row of the outermost axis: to
/// check all of them takes as long as the run.
template <class Visit>
void visit_part(const TraceTensor& tensor, const Visit& visit) {
    const TraceValues &values = tensor.values, &before = tensor.before;
    if (values.kept()) return visit(values.whole(), before.empty() ? values.whole() : before.whole(), 0);
    const Index last = values.shape()[0] - 1;
    const Tensor<float> now = values.row(last);
    visit(now, before.empty() ? now : before.row(last), last * now.size());
}

/// Which cells that is: [first, first + count).
std::pair<Index, Index> part_of(const TraceValues& values) {
    const Index size = values.kept() ? values.size() : values.size() / values.shape()[0];
    return {values.size() - size, size};
}

bool all_zero(const float* cells, Index n) {
    return std::all_of(cells, cells + n, [](float v) { return v == 0; });
}

/// What is claimed of what is shown, and of what was computed there: a claim that the second keeps and the first does not is
/// broken by hand.
struct Deviation {
    double shown = 0, computed = 0;

    void add(double of_shown, double of_computed) {
        shown = std::max(shown, std::isnan(of_shown) ? INFINITY : of_shown);
        computed = std::max(computed, std::isnan(of_computed) ? INFINITY : of_computed);
    }
    void judge(Claim& claim) const {
        claim.error = shown;
        claim.holds = shown <= claim.tolerance;
        claim.by_hand = !claim.holds && computed <= claim.tolerance;
    }
};

double row_sum(const float* cells, Index n) {
    double sum = 0;
    for (Index c = 0; c < n; ++c) sum += static_cast<double>(cells[c]);
    return sum;
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

/// Holds `deviation(sum)` of every row that sees anything against the tolerance.
template <class OfRow>
Claim rows_claim(const std::vector<const TraceTensor*>& all, const std::string& says, const OfRow& deviation) {
    Claim claim;
    claim.text = "every row of " + symbol_of(*all.front()) + " sums to " + says;
    claim.tensor = all.front()->info.name;
    claim.tolerance = row_tolerance;
    Index left_out = 0;
    Deviation worst;
    for (const TraceTensor* weights : all) {
        const Index columns = weights->values.shape()[-1];
        claim.of += columns > 0 ? weights->values.size() / columns : 0;
        visit_part(*weights, [&](const Tensor<float>& all_now, const Tensor<float>& all_was, Index) {
            for (Index r = 0; columns > 0 && r < all_now.size() / columns; ++r) {
                const float *const now = all_now.data() + r * columns, *const was = all_was.data() + r * columns;
                // Where nothing was computed to be seen, the model broke no promise.
                const bool masked = all_zero(was, columns);
                if (masked && all_zero(now, columns)) {
                    ++left_out;
                    continue;
                }
                const bool edited = std::memcmp(now, was, static_cast<std::size_t>(columns) * sizeof(float)) != 0;
                claim.edited += edited ? 1 : 0;
                ++claim.checked;
                worst.add(deviation(row_sum(now, columns)), masked ? 0 : deviation(row_sum(was, columns)));
            }
        });
    }
    worst.judge(claim);
    say_rows_left_out(claim, left_out);
    return claim;
}

/// Of the cells that a hand changed and that are not in the (ascending) sample: those that changed most, and of the rest an
/// even sample. What a hand does to a whole row can be next to nothing in most of its cells.
std::vector<Index> edited_cells(const TraceTensor& tensor, const std::vector<Index>& sample) {
    std::vector<Index> edited;
    std::map<Index, double> changes;
    visit_part(tensor, [&](const Tensor<float>& now, const Tensor<float>& was, Index first) {
        for (Index i = 0; i < now.size(); ++i) {
            // By bits, as TraceTensor::edited.
            if (std::memcmp(now.data() + i, was.data() + i, sizeof(float)) == 0) continue;
            if (std::ranges::binary_search(sample, first + i)) continue;
            const double by = std::abs(static_cast<double>(now.data()[i]) - static_cast<double>(was.data()[i]));
            edited.push_back(first + i);
            changes[first + i] = std::isnan(by) ? INFINITY : by;
        }
    });
    const auto change = [&](Index i) { return changes.at(i); };
    const auto most = std::min(edited.size(), static_cast<std::size_t>(most_changed));
    std::ranges::partial_sort(edited, edited.begin() + static_cast<std::ptrdiff_t>(most),
                              [&](Index a, Index b) { return change(a) != change(b) ? change(a) > change(b) : a < b; });
    std::vector<Index> cells(edited.begin(), edited.begin() + static_cast<std::ptrdiff_t>(most));
    edited.erase(edited.begin(), edited.begin() + static_cast<std::ptrdiff_t>(most));
    std::ranges::sort(edited);
    const auto left = static_cast<Index>(edited.size()), others = std::min(left, other_edited);
    for (Index k = 0; k < others; ++k) cells.push_back(edited[static_cast<std::size_t>(k * left / others)]);
    return cells;
}

/// The cells that are looked at: `most` of them, evenly, and some of those that were changed by hand.
std::vector<Index> sampled_cells(const TraceTensor& tensor, Index most) {
    const auto [first, size] = part_of(tensor.values);
    const Index cells = std::min(size, most);
    std::vector<Index> sample;
    for (Index i = 0; i < cells; ++i) sample.push_back(first + (cells < 2 ? 0 : i * (size - 1) / (cells - 1)));
    if (tensor.before.empty()) return sample;
    const std::vector<Index> more = edited_cells(tensor, sample);
    sample.insert(sample.end(), more.begin(), more.end());
    return sample;
}

double largest(const TraceTensor& tensor) {
    double most = smallest_scale;
    visit_part(tensor, [&](const Tensor<float>& now, const Tensor<float>& was, Index) {
        for (const Tensor<float>* values : {&now, &was})
            for (const float v : values->values())
                if (std::isfinite(v)) most = std::max(most, std::abs(static_cast<double>(v)));
    });
    return most;
}

}  // namespace

bool sees_nothing(const TraceTensor& weights, Index row) {
    const Index columns = weights.values.shape()[-1];
    const auto zeros = [&](const TraceValues& values) {
        if (values.kept()) return all_zero(values.data() + row * columns, columns);
        const Index size = values.size() / values.shape()[0], at = row * columns / size;
        return all_zero(values.row(at).data() + (row * columns - at * size), columns);
    };
    return zeros(weights.before.empty() ? weights.values : weights.before) && zeros(weights.values);
}

void say_rows_left_out(Claim& claim, Index rows) {
    if (rows == 0) return;
    const std::string found =
        claim.found.empty() ? fmt::format("off by {:.3g}, {:.3g} allowed", claim.error, claim.tolerance) : claim.found;
    claim.found = fmt::format("{}, {} {} nothing", found, rows, rows == 1 ? "sees" : "see");
}

Claim rows_sum_to_one(const std::vector<const TraceTensor*>& weights) {
    return rows_claim(weights, "1", [](double sum) { return std::isfinite(sum) ? std::abs(sum - 1) : INFINITY; });
}

Claim rows_sum_to_one(const TraceTensor& weights) {
    return rows_sum_to_one(std::vector<const TraceTensor*>{&weights});
}

Claim rule_holds(const Trace& trace, const std::string& text, double tolerance, Index max_cells) {
    const Rule parsed = parse_rule(text);
    check_rule(parsed, trace);
    const TraceTensor& result = trace.tensor(parsed.result);
    const BoundRule rule(parsed, trace);
    Claim claim;
    claim.text = text;
    claim.tensor = parsed.result;
    claim.of = result.values.size();
    claim.tolerance = tolerance > 0 ? tolerance : rule_tolerance * largest(result);
    Deviation worst;
    for (const Index flat : sampled_cells(result, max_cells)) {
        claim.edited += result.edited(flat) ? 1 : 0;
        const std::vector<Index> cell = index_of(flat, result.values.shape());
        const double expected = rule.evaluate(cell);
        // Equal infinities: masked on both sides.
        const auto off = [&](float value) {
            const auto recorded = static_cast<double>(value);
            return recorded == expected ? 0 : std::abs(recorded - expected);
        };
        worst.add(off(result.values.at(cell)), off((result.before.empty() ? result.values : result.before).at(cell)));
        ++claim.checked;
    }
    worst.judge(claim);
    return claim;
}

namespace {

constexpr double half_rounding = 1.0 / 2048;  // 11 bits

}  // namespace

std::vector<Claim> check_claims(const Trace& trace, Index max_cells) {
    std::vector<Claim> claims;
    for (const TraceTensor* weights : trace.with_role(Role::weights)) {
        if (weights->values.shape().rank() == 0) continue;
        // Rows sum to 1, but for alignment functions that are not normalised (Luong's local-p): those to at most 1.
        const Step* step = trace.step_of(weights->info.name);
        if (step == nullptr || step->normalised)
            claims.push_back(rows_sum_to_one(*weights));
        else
            claims.push_back(rows_claim({weights}, "at most 1", [](double sum) {
                // Rows that were captured in half precision: what each weight was rounded by is a share of itself.
                return std::isfinite(sum) ? std::max(sum * (1 - half_rounding) - 1, 0.0) : INFINITY;
            }));
        if (claims.back().checked == 0) claims.pop_back();  // what holds of nothing at all says nothing
    }
    for (const Step& step : trace.steps()) {
        if (step.rule.empty()) continue;
        claims.push_back(rule_holds(trace, step.rule, 0, max_cells));
        if (!step.formula.empty()) claims.back().text = step.formula;
    }
    return claims;
}

std::vector<const Step*> unchecked_formulas(const Trace& trace) {
    std::vector<const Step*> unchecked;
    for (const Step& step : trace.steps())
        if (step.rule.empty()) unchecked.push_back(&step);
    return unchecked;
}

}  // namespace saccade
