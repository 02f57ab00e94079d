#include "viz/map_stack.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace saccade {

CellRef MapStack::entry(Index i) const {
    CellRef ref = whole;
    ref.index[static_cast<std::size_t>(entry_axis)] = i;
    return ref;
}

bool is_map_stack(const TraceTensor& tensor) {
    return is_map(tensor) && tensor.info.axes.size() >= 3;
}

MapStack map_stack(const TraceTensor& tensor, const ViewState& state) {
    if (tensor.values.empty())
        throw Error(ErrorCode::invalid_input, tensor.info.name + " " + tensor.values.shape().str() + " has no maps to show",
                    "choose another tensor, or a longer input");
    MapStack stack;
    stack.tensor = &tensor;
    const auto& axes = tensor.info.axes;
    stack.entry_axis = static_cast<int>(axes.size()) - 3;
    const auto at = static_cast<std::size_t>(stack.entry_axis);
    stack.entries = axes[at];
    stack.y = axes[at + 1];
    stack.x = axes[at + 2];
    // The plane says where the axes further out stand.
    const std::vector<Index> fixed = plane_of(tensor, state).fixed;
    stack.whole = {tensor.info.name, std::vector<Index>(axes.size(), -1)};
    stack.maps = tensor.values;
    for (std::size_t i = 0; i < at; ++i) {
        stack.whole.index[i] = fixed[i];
        stack.maps = stack.maps.row(fixed[i]);
        stack.where += (stack.where.empty() ? "" : ", ") + position_text(*axes[i], fixed[i]);
    }
    return stack;
}

ChannelGate gate_of(const Trace& trace, const AxisPtr& axis, const ViewState& state, const TraceTensor* named) {
    ChannelGate gate;
    const auto fits = [&](const TraceTensor& tensor) {
        return !tensor.info.axes.empty() && tensor.info.axes.back()->name == axis->name && !tensor.values.empty();
    };
    gate.tensor = named;
    for (const TraceTensor* tensor : trace.with_role(Role::gate))
        if (gate.tensor == nullptr && fits(*tensor)) gate.tensor = tensor;
    if (gate.tensor == nullptr) return gate;
    gate.row = row_of(*gate.tensor, state);
    gate.computed = gate.row.values;
    if (gate.tensor->before.empty()) return gate;
    const Index n = gate.computed.size(), row = (gate.row.values.data() - gate.tensor->values.data()) / n;
    gate.computed = gate.tensor->before.reshape(Shape{gate.tensor->before.size() / n, n}).row(row);
    return gate;
}

std::vector<Index> largest_first(const Tensor<float>& values) {
    std::vector<Index> order(static_cast<std::size_t>(values.size()));
    std::iota(order.begin(), order.end(), Index{0});
    const auto key = [&](Index i) {
        const float v = values.data()[i];
        return std::isfinite(v) ? v : std::numeric_limits<float>::lowest();
    };
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return key(a) > key(b); });
    return order;
}

}  // namespace saccade
