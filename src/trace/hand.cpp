#include "trace/hand.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "base/subscript.hpp"
#include "trace/formula.hpp"
#include "trace/intervene.hpp"

namespace saccade {

namespace {

using Part = ExplainedPart;

bool inside(const TraceTensor& tensor, const std::vector<Index>& index) {
    if (index.size() > tensor.info.axes.size()) return false;
    for (std::size_t a = 0; a < index.size(); ++a)
        if (index[a] >= tensor.info.axes[a]->extent) return false;
    return true;
}

bool is_cell(const TraceTensor& tensor, const std::vector<Index>& index) {
    return index.size() == tensor.info.axes.size() && std::all_of(index.begin(), index.end(), [](Index i) { return i >= 0; });
}

/// "layer 2", "“train”", "output 4".
std::string index_words(const Axis& axis, Index i) {
    if (is_stacked(axis.kind)) return fmt::format("{} {}", to_string(axis.kind), axis.label(i));
    if (axis.labels.empty() || i >= axis.extent) return fmt::format("{} {}", axis.name, i + 1);
    return fmt::format("“{}”", axis.label(i));
}

/// Of the layers and heads alone; empty if the index says none.
std::string stack_words(const TraceTensor& tensor, const std::vector<Index>& index) {
    std::string words;
    for (std::size_t a = 0; a < index.size() && a < tensor.info.axes.size(); ++a) {
        if (index[a] < 0 || !is_stacked(tensor.info.axes[a]->kind)) continue;
        words += (words.empty() ? "" : ", ") + index_words(*tensor.info.axes[a], index[a]);
    }
    return words;
}

std::vector<Part> text(std::string words, std::string aside = {}) {
    std::vector<Part> parts = {{Part::Kind::text, std::move(words), {}}};
    if (!aside.empty()) parts.push_back({Part::Kind::text, std::move(aside), {}});
    return parts;
}

/// "0.74", "0.20": with as many digits as tell the two apart.
std::string told_apart(float value, float other) {
    const std::string brief = fmt::format("{:.2f}", value);
    return value == other || brief != fmt::format("{:.2f}", other) ? brief : fmt::format("{:.2g}", value);
}

std::vector<Part> cell_name(const Intervention& intervention, const TraceTensor& tensor) {
    std::string subscript;
    for (std::size_t a = 0; a < intervention.index.size(); ++a) {
        if (is_stacked(tensor.info.axes[a]->kind)) continue;
        subscript += (subscript.empty() ? "" : ",") + std::to_string(intervention.index[a] + 1);
    }
    const std::string symbol = tensor.info.symbol.empty() ? tensor.info.name : tensor.info.symbol;
    std::vector<Part> parts = {{Part::Kind::text, symbol, {}}, {Part::Kind::subscript, subscript, {}}};
    // A channel's gate is called by its number, whatever letter the paper gives it.
    if (tensor.info.role == Role::gate && tensor.info.axes.size() == 1)
        parts = {{Part::Kind::text, "gate " + subscript + ":", {}}};
    const bool known = !tensor.before.empty() && inside(tensor, intervention.index);
    const float after = intervention.value, before = known ? tensor.before.at(intervention.index) : after;
    parts.push_back({Part::Kind::text, known ? " " + told_apart(before, after) + " → " : std::string(" → "), {}});
    parts.push_back({Part::Kind::number, told_apart(after, before), {}});
    const std::string stack = stack_words(tensor, intervention.index);
    if (!stack.empty()) parts.push_back({Part::Kind::text, " · " + stack, {}});
    return parts;
}

std::string mask_name(const Intervention& intervention, const TraceTensor& mask) {
    const std::size_t rank = mask.info.axes.size();
    std::vector<Index> index = intervention.index;
    index.resize(rank, -1);
    const auto token = [&](std::size_t axis) {
        return index[axis] < 0 ? std::string("all") : index_words(*mask.info.axes[axis], index[axis]);
    };
    std::string words = std::isinf(intervention.value) ? "hide " : "show ";
    words += rank > 0 ? token(rank - 1) : "all";
    if (rank > 1) words += (std::isinf(intervention.value) ? " from " : " to ") + token(rank - 2);
    const bool layers = rank > 2 && is_stacked(mask.info.axes[0]->kind);
    if (layers) words += " · " + (index[0] < 0 ? std::string("all layers") : stack_words(mask, index));
    return words;
}

bool is_mask_edit(const Intervention& intervention, const Trace* trace) {
    const TraceTensor* tensor = trace != nullptr ? trace->find(intervention.tensor) : nullptr;
    return intervention.kind == Intervention::Kind::set && tensor != nullptr && tensor->info.role == Role::mask;
}

}  // namespace

CellRef block_around(const TraceTensor& tensor, const CellRef& cell) {
    CellRef block{tensor.info.name, std::vector<Index>(tensor.info.axes.size(), -1)};
    bool stacked = false;
    for (std::size_t a = 0; a < tensor.info.axes.size(); ++a) {
        if (!is_stacked(tensor.info.axes[a]->kind)) continue;
        stacked = true;
        if (a < cell.index.size()) block.index[a] = cell.index[a];
    }
    const bool rows = tensor.info.axes.size() > 1 || tensor.info.role == Role::gate;
    if (!stacked && rows && !cell.index.empty()) block.index[0] = cell.index[0];
    return block;
}

std::string block_words(const TraceTensor& tensor, const std::vector<Index>& index) {
    std::string words;
    for (std::size_t a = 0; a < index.size() && a < tensor.info.axes.size(); ++a)
        if (index[a] >= 0) words += (words.empty() ? "" : ", ") + index_words(*tensor.info.axes[a], index[a]);
    return words.empty() ? "all" : words;
}

Tensor<float> block_values(const TraceTensor& tensor, const std::vector<Index>& index) {
    const Shape& shape = tensor.values.shape();
    if (!inside(tensor, index))
        throw Error(ErrorCode::out_of_range, fmt::format("{} has no such block", tensor.info.name), "choose another cell");
    std::vector<Index> all = index;
    all.resize(static_cast<std::size_t>(shape.rank()), -1);
    std::vector<Index> dims;
    for (int a = 0; a < shape.rank(); ++a)
        if (all[static_cast<std::size_t>(a)] < 0) dims.push_back(shape[a]);
    Tensor<float> values = Tensor<float>::uninitialized(Shape(dims));
    if (!tensor.values.kept() && all.front() >= 0) {
        const Tensor<float> row = tensor.values.row(all.front());
        const std::vector<Index> rest(all.begin() + 1, all.end());
        for_each_selected(row.shape(), rest, [&](Index offset, Index i) { values.data()[i] = row.data()[offset]; });
        return values;
    }
    const Tensor<float>& whole = tensor.values;
    for_each_selected(shape, all, [&](Index offset, Index i) { values.data()[i] = whole.data()[offset]; });
    return values;
}

const TraceTensor* mask_of(const Trace& trace, const TraceTensor& tensor) {
    if (tensor.info.role == Role::mask) return &tensor;
    if (tensor.info.role != Role::weights && tensor.info.role != Role::scores) return nullptr;
    std::vector<const TraceTensor*> fitting;
    for (const TraceTensor* mask : trace.with_role(Role::mask)) {
        std::size_t met = 0;
        const auto& axes = mask->info.axes;
        for (const AxisPtr& axis : tensor.info.axes) met += met < axes.size() && axes[met] == axis ? 1u : 0u;
        if (!axes.empty() && met == axes.size() && axes.back() == tensor.info.axes.back()) fitting.push_back(mask);
    }
    if (fitting.size() < 2) return fitting.empty() ? nullptr : fitting.front();
    // Several attentions over the same tokens: the mask that its own rule reads, else the one of its stack.
    if (const Step* step = trace.step_of(tensor.info.name); step != nullptr && !step->rule.empty()) {
        const auto read = operands(parse_rule(step->rule));
        for (const TraceTensor* mask : fitting)
            if (std::ranges::find(read, mask->info.name) != read.end()) return mask;
    }
    const auto stack = [](const std::string& name) { return name.substr(0, name.rfind('.') + 1); };
    for (const TraceTensor* mask : fitting)
        if (stack(mask->info.name) == stack(tensor.info.name)) return mask;
    return fitting.front();
}

CellRef mask_cell(const TraceTensor& mask, const TraceTensor& tensor, const CellRef& cell, bool all_layers) {
    CellRef result{mask.info.name, std::vector<Index>(mask.info.axes.size(), -1)};
    for (std::size_t m = 0; m < mask.info.axes.size(); ++m) {
        if (all_layers && is_stacked(mask.info.axes[m]->kind)) continue;
        for (std::size_t a = 0; a < tensor.info.axes.size() && a < cell.index.size(); ++a)
            if (tensor.info.axes[a] == mask.info.axes[m]) result.index[m] = cell.index[a];
    }
    return result;
}

std::vector<InterventionGroup> groups_of(const std::vector<Intervention>& interventions, const Trace* trace) {
    std::vector<InterventionGroup> groups;
    for (std::size_t i = 0; i < interventions.size(); ++i) {
        const bool joins = i > 0 && is_mask_edit(interventions[i], trace) && is_mask_edit(interventions[i - 1], trace) &&
                           interventions[i].tensor == interventions[i - 1].tensor &&
                           interventions[i].enabled == interventions[i - 1].enabled;
        if (joins)
            ++groups.back().count;
        else
            groups.push_back({i, 1});
    }
    return groups;
}

std::vector<ExplainedPart> name_of(const Intervention& intervention, const Trace* trace) {
    const TraceTensor* tensor = trace != nullptr ? trace->find(intervention.tensor) : nullptr;
    if (tensor == nullptr || intervention.index.size() > tensor->info.axes.size()) return text(brief(intervention));
    const std::string block = block_words(*tensor, intervention.index), of = " (" + intervention.tensor + ")";
    switch (intervention.kind) {
        case Intervention::Kind::set:
            if (tensor->info.role == Role::mask) return text(mask_name(intervention, *tensor), of);
            if (is_cell(*tensor, intervention.index)) return cell_name(intervention, *tensor);
            return text(fmt::format("{} = {:.4g}", block, intervention.value), of);
        case Intervention::Kind::scale:
            if (intervention.value == 0) return text("ablate " + block, of);
            return text(fmt::format("{} × {:.2f}", block, intervention.value), of);
        case Intervention::Kind::replace:
        case Intervention::Kind::freeze:
            if (!intervention.array_source.empty()) {
                const std::size_t slash = intervention.array_source.rfind('/');
                return text(block + " from " + intervention.array_source.substr(slash == std::string::npos ? 0 : slash + 1),
                            of);
            }
            if (!intervention.origin.empty()) return text(block + " as in " + intervention.origin, of);
            return text("freeze " + block, of);
    }
    return text(brief(intervention));
}

std::vector<ExplainedPart> name_of(const std::vector<Intervention>& interventions, const InterventionGroup& group,
                                   const Trace* trace) {
    if (group.count < 2) return name_of(interventions[group.first], trace);
    std::size_t hidden = 0;
    for (std::size_t i = group.first; i < group.first + group.count; ++i)
        hidden += std::isinf(interventions[i].value) ? 1u : 0u;
    std::string words = "mask drawn: ";
    if (hidden > 0) words += fmt::format("{} hidden", hidden);
    if (hidden < group.count) words += fmt::format("{}{} shown", hidden > 0 ? ", " : "", group.count - hidden);
    return text(words, " (" + interventions[group.first].tensor + ")");
}

void refuse_missing_cells(const std::vector<Intervention>& interventions, const Trace& trace, ErrorCode code) {
    for (const Intervention& change : interventions) {
        const TraceTensor* tensor = trace.find(change.tensor);
        if (tensor == nullptr || !change.enabled) continue;
        for (std::size_t i = 0; i < change.index.size() && i < tensor->info.axes.size(); ++i)
            if (const Axis& axis = *tensor->info.axes[i]; change.index[i] >= axis.whole())
                throw Error(code, fmt::format("{} changes nothing: there is no such cell", brief(change)),
                            fmt::format("{} goes from 0 to {}", axis.name, axis.whole() - 1));
    }
}

std::string plain_text(const std::vector<ExplainedPart>& parts) {
    std::string result;
    for (const Part& part : parts) result += part.kind == Part::Kind::subscript ? subscript(part.text) : part.text;
    return result;
}

bool follows_hand(const Trace& trace, const std::string& tensor) {
    const auto& tensors = trace.tensors();
    const auto changed = [](const TraceTensor& one) { return !one.before.empty(); };
    const auto first = std::ranges::find_if(tensors, changed);
    if (first == tensors.end()) return true;
    std::vector<std::string> open = {tensor};
    std::set<std::string> seen = {tensor};
    bool known = true;
    while (!open.empty()) {
        const TraceTensor* one = trace.find(open.back());
        open.pop_back();
        if (one == nullptr) continue;
        if (changed(*one)) return true;
        const Step* step = trace.step_of(one->info.name);
        const bool given =
            one->info.role == Role::input || one->info.role == Role::parameter || one->info.role == Role::embedding;
        if (step == nullptr || step->rule.empty()) {
            known = known && given;
            continue;
        }
        for (std::string& name : operands(parse_rule(step->rule)))
            if (seen.insert(name).second) open.push_back(std::move(name));
    }
    const auto at = std::ranges::find(tensors, tensor, [](const TraceTensor& one) { return one.info.name; });
    return !known && at > first;
}

namespace {

/// The classes of a step, or of a run without steps: null if the tensor has no such row.
const float* classes_at(const TraceTensor& tensor, const std::string& step_axis, Index step) {
    const auto& axes = tensor.info.axes;
    if (axes.size() == 1 && axes[0]->kind == AxisKind::class_) return tensor.values.data();
    if (axes.size() != 2 || axes[0]->name != step_axis || step < 0 || step >= axes[0]->extent) return nullptr;
    return tensor.values.data() + step * axes[1]->extent;
}

}  // namespace

std::vector<ProbabilityChange> probability_changes(const Trace& before, const Trace& after, const std::string& step_axis,
                                                   Index step, std::size_t most, float least) {
    for (const TraceTensor* now : after.with_role(Role::probabilities)) {
        const TraceTensor* then = before.find(now->info.name);
        if (then == nullptr || now->info.axes.empty() || then->info.axes.size() != now->info.axes.size()) continue;
        const Axis& classes = *now->info.axes.back();
        if (then->info.axes.back()->extent != classes.extent) continue;
        const float* a = classes_at(*then, step_axis, step);
        const float* b = classes_at(*now, step_axis, step);
        if (a == nullptr || b == nullptr) continue;
        std::vector<Index> order;
        for (Index c = 0; c < classes.extent; ++c)
            if (std::abs(b[c] - a[c]) >= least) order.push_back(c);
        const auto end = order.begin() + static_cast<std::ptrdiff_t>(std::min(most, order.size()));
        std::partial_sort(order.begin(), end, order.end(), [&](Index x, Index y) {
            const float dx = std::abs(b[x] - a[x]), dy = std::abs(b[y] - a[y]);
            return dx != dy ? dx > dy : x < y;
        });
        std::vector<ProbabilityChange> changes;
        for (auto c = order.begin(); c != end; ++c) changes.push_back({classes.label(*c), a[*c], b[*c]});
        return changes;
    }
    return {};
}

}  // namespace saccade
