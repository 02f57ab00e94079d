#include "run/row_story.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "trace/explain.hpp"
#include "trace/formula.hpp"

namespace saccade {

namespace {

/// Of the tensors that this one was computed from, the first of a role; null if there is none.
const TraceTensor* operand_of(const Trace& trace, const Step& step, Role role) {
    if (step.rule.empty()) return nullptr;
    for (const std::string& name : operands(parse_rule(step.rule)))
        if (const TraceTensor* tensor = trace.find(name); tensor != nullptr && tensor->info.role == role) return tensor;
    return nullptr;
}

/// What is read with these weights: the step of a context whose rule names them.
const Step* read_with(const Trace& trace, const std::string& weights) {
    for (const Step& step : trace.steps()) {
        const TraceTensor* result = trace.find(step.result);
        if (result == nullptr || result->info.role != Role::context || step.rule.empty()) continue;
        const std::vector<std::string> names = operands(parse_rule(step.rule));
        if (std::ranges::find(names, weights) != names.end()) return &step;
    }
    return nullptr;
}

/// The row of a tensor that has the key axis last: other axes stand where the cell of the weights has them.
std::optional<std::vector<float>> row_of(const TraceTensor& tensor, const TraceTensor& weights, const CellRef& cell) {
    std::vector<Index> at;
    for (const AxisPtr& axis : tensor.info.axes) {
        const auto found = std::ranges::find(weights.info.axes, axis);
        if (found == weights.info.axes.end()) return std::nullopt;
        at.push_back(cell.index[static_cast<std::size_t>(found - weights.info.axes.begin())]);
    }
    if (tensor.info.axes.empty() || tensor.info.axes.back() != weights.info.axes.back()) return std::nullopt;
    std::vector<float> row;
    for (Index j = 0; j < weights.info.axes.back()->extent; ++j) {
        at.back() = j;
        row.push_back(tensor.values.at(at));
    }
    return row;
}

/// The cell of the context that this row reads, and which of its coordinates is the largest.
std::optional<CellRef> context_cell(const TraceTensor& context, const TraceTensor& weights, const CellRef& cell) {
    CellRef at{context.info.name, {}};
    for (std::size_t a = 0; a + 1 < context.info.axes.size(); ++a) {
        const auto found = std::ranges::find(weights.info.axes, context.info.axes[a]);
        if (found == weights.info.axes.end()) return std::nullopt;
        at.index.push_back(cell.index[static_cast<std::size_t>(found - weights.info.axes.begin())]);
    }
    if (context.info.axes.empty()) return std::nullopt;
    at.index.push_back(0);
    Index best = 0;
    float most = -1;
    for (Index k = 0; k < context.info.axes.back()->extent; ++k) {
        at.index.back() = k;
        if (const float size = std::abs(context.values.at(at.index)); size > most) {
            most = size;
            best = k;
        }
    }
    at.index.back() = best;
    return at;
}

}  // namespace

std::optional<RowStory> row_story(const Trace& trace, const CellRef& cell, Index most) {
    const TraceTensor* weights = trace.find(cell.tensor);
    if (weights == nullptr || weights->info.role != Role::weights || weights->info.axes.size() < 2 ||
        cell.index.size() != weights->info.axes.size() || weights->info.axes.back()->extent > most ||
        std::ranges::any_of(cell.index, [](Index i) { return i < 0; }))
        return std::nullopt;
    const Step *made = trace.step_of(cell.tensor), *read = read_with(trace, cell.tensor);
    if (made == nullptr || read == nullptr) return std::nullopt;
    const TraceTensor *scores = operand_of(trace, *made, Role::scores), *mask = operand_of(trace, *made, Role::mask);
    const std::optional<CellRef> at = context_cell(trace.tensor(read->result), *weights, cell);
    if (scores == nullptr || !at) return std::nullopt;
    RowStory story;
    const auto row = row_of(*scores, *weights, cell), weight = row_of(*weights, *weights, cell);
    const auto hidden = mask != nullptr ? row_of(*mask, *weights, cell) : std::nullopt;
    if (!row || !weight) return std::nullopt;
    story.scores = *row;
    story.weights = *weight;
    // A mask that hides nothing of this row is no step of it.
    if (hidden && std::ranges::any_of(*hidden, [](float v) { return v != 0; })) story.mask = *hidden;
    const Explanation sum = explain(trace, *at);
    const Axis &query = *weights->info.axes[weights->info.axes.size() - 2], &key = *weights->info.axes.back();
    if (sum.terms.size() != static_cast<std::size_t>(key.extent)) return std::nullopt;
    story.products = sum.terms;
    for (std::size_t j = 0; j < sum.terms.size(); ++j)
        story.values.push_back(story.weights[j] != 0 ? sum.terms[j] / story.weights[j] : 0);
    story.context = static_cast<float>(sum.recorded);
    story.coordinate = at->index.back();
    story.query = query.label(cell.index[cell.index.size() - 2]);
    for (Index j = 0; j < key.extent; ++j) story.keys.push_back(key.label(j));
    const Step* scored = trace.step_of(scores->info.name);
    story.score_formula = scored != nullptr ? scored->formula : "";
    story.weight_formula = made->formula;
    story.context_formula = read->formula;
    return story;
}

}  // namespace saccade
