#include "viz/derived.hpp"

#include <algorithm>

#include "analysis/analysis.hpp"

namespace saccade {

namespace {

std::shared_ptr<const Derived> derived_of(const Trace& trace, const TraceTensor& source, const Analysis& a,
                                          const std::vector<Index>& numbers, Reuse* memo) {
    // Runs may share weights whose gradients differ.
    const TraceTensor* gradient = a.reads_gradient ? trace.find(source.info.name + ".gradient") : nullptr;
    return remembered<Derived>(memo, gradient != nullptr ? gradient->values : source.values,
                               "analysis " + source.info.name + "." + suffix_of(a, numbers),
                               [&] { return a.derive(trace, source, numbers); });
}

}  // namespace

std::shared_ptr<const TraceTensor> derived_tensor(const Trace& trace, const TraceTensor& source, const std::string& id,
                                                  const std::vector<Index>& numbers, Reuse* memo) {
    const auto derived = derived_of(trace, source, analysis(id), numbers, memo);
    return std::make_shared<const TraceTensor>(placed(derived->tensors.back(), *derived, source));
}

std::shared_ptr<const Trace> trace_with(const Trace& trace, const std::string& name, Reuse* memo) {
    const auto found = trace.find(name) == nullptr ? derived_name(trace, name) : std::nullopt;
    if (!found) return {std::shared_ptr<const Trace>(), &trace};
    auto augmented = std::make_shared<Trace>(trace);
    std::string source = found->source;
    for (const std::string& suffix : found->suffixes) {
        const auto derivation = derivation_of(suffix);
        const TraceTensor of = augmented->tensor(source);
        add_derived(*augmented, of, *derived_of(*augmented, of, *derivation->analysis, derivation->numbers, memo));
        source += "." + suffix;
    }
    return augmented;
}

CellRef source_cell(const Trace& trace, const CellRef& cell, Reuse* memo) {
    if (cell.empty() || trace.find(cell.tensor) != nullptr) return cell;
    const auto name = derived_name(trace, cell.tensor);
    if (!name) return {};
    const auto held = trace_with(trace, cell.tensor, memo);
    const auto& axes = held->tensor(cell.tensor).info.axes;
    CellRef source{name->source, {}};
    for (const AxisPtr& axis : trace.tensor(name->source).info.axes) {
        const auto at = std::ranges::find(axes, axis);
        const auto i = static_cast<std::size_t>(at - axes.begin());
        source.index.push_back(at == axes.end() || is_stacked(axis->kind) || i >= cell.index.size() ? -1 : cell.index[i]);
    }
    return source;
}

}  // namespace saccade
