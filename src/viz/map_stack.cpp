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

const TraceTensor* regions_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state) {
    const auto is_region = [](const Tensor<float>& values) {
        const auto all = values.values();
        return !all.empty() && std::all_of(all.begin(), all.end(), [](float v) { return v == 0 || v == 1; });
    };
    for (const TraceTensor* other : trace.with_role(Role::map))
        if (other != &tensor && other->info.axes == tensor.info.axes &&
            *remembered<bool>(state.memo, other->values, "is a region", [&] { return is_region(other->values); }))
            return other;
    return nullptr;
}

void draw_region(Sketch& sketch, const Tensor<float>& region, const Box& box) {
    const Index rows = region.shape()[0], cols = region.shape()[1];
    const double w = box.w / static_cast<double>(cols), h = box.h / static_cast<double>(rows);
    const auto inside = [&](Index r, Index c) {
        return r >= 0 && c >= 0 && r < rows && c < cols && region.data()[r * cols + c] == 1;
    };
    const auto draw = [&](Color color, double width) {
        const auto line = [&](Point a, Point b) {
            const double more = width / 2;  // so that lines that meet have a corner
            a.x == b.x ? sketch.line({a.x, a.y - more}, {b.x, b.y + more}, color, width)
                       : sketch.line({a.x - more, a.y}, {b.x + more, b.y}, color, width);
        };
        const auto at = [&](Index r, Index c) {
            return Point{box.x + static_cast<double>(c) * w, box.y + static_cast<double>(r) * h};
        };
        for (Index r = 0; r <= rows; ++r)
            for (Index c = 0, from = 0; c <= cols; ++c)
                if (c == cols || inside(r - 1, c) == inside(r, c)) {
                    if (from < c) line(at(r, from), at(r, c));
                    from = c + 1;
                }
        for (Index c = 0; c <= cols; ++c)
            for (Index r = 0, from = 0; r <= rows; ++r)
                if (r == rows || inside(r, c - 1) == inside(r, c)) {
                    if (from < r) line(at(from, c), at(r, c));
                    from = r + 1;
                }
    };
    draw({0, 0, 0, 150}, sketch.px(3));
    draw({255, 255, 255, 255}, sketch.px(1.25));
}

std::string region_caption(const TraceTensor* regions, const Tensor<float>& shown) {
    const auto all = shown.values();
    if (regions == nullptr || std::find(all.begin(), all.end(), 1.0f) == all.end()) return {};
    std::string title = regions->info.title.empty() ? regions->info.name : regions->info.title;
    if (title[0] >= 'A' && title[0] <= 'Z') title[0] = static_cast<char>(title[0] - 'A' + 'a');
    return "outlined: " + title;
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
