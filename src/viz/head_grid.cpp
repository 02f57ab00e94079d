#include "viz/head_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "analysis/head_order.hpp"
#include "viz/attention_plane.hpp"
#include "viz/derived.hpp"
#include "viz/heatmap_grid.hpp"
#include "viz/kept_positions.hpp"
#include "viz/layout.hpp"
#include "viz/map_picture.hpp"
#include "viz/masked.hpp"
#include "viz/touched.hpp"

namespace saccade {

namespace {

/// 0, 1, 2, ...: as they come, or the smallest number first.
std::vector<Index> order_by(const float* numbers, Index heads) {
    std::vector<Index> order(static_cast<std::size_t>(heads));
    std::iota(order.begin(), order.end(), Index{0});
    if (numbers != nullptr)
        std::stable_sort(order.begin(), order.end(), [numbers](Index a, Index b) { return numbers[a] < numbers[b]; });
    return order;
}

using Orders = std::vector<std::vector<Index>>;

/// The heads of each layer in the order that was asked for, by what the analyses found of them.
Orders orders_of(const Trace& trace, const HeadGrid& grid, const ViewState& state) {
    using Order = ViewOptions::Order;
    const char* analysis = state.options.order == Order::entropy    ? "entropy"
                           : state.options.order == Order::distance ? "distance"
                                                                    : "likeness";
    const auto found = grid.sorted ? derived_tensor(trace, *grid.tensor, analysis, {}, state.memo) : nullptr;
    const bool likeness = found && state.options.order == Order::similarity;
    Orders orders;
    for (Index l = 0; l < grid.layers; ++l)
        orders.push_back(likeness ? cluster_order(found->values.reshape(Shape{grid.layers, grid.heads, grid.heads}).row(l))
                                  : order_by(found ? found->values.data() + l * grid.heads : nullptr, grid.heads));
    return orders;
}

/// Maps made small, and which of them are all 0.
struct SmallMaps {
    Tensor<float> maps;
    std::vector<char> zero;
    std::size_t bytes() const { return static_cast<std::size_t>(maps.size()) * sizeof(float); }
};

bool all_zero(const Tensor<float>& map) {
    const auto values = map.values();
    return std::all_of(values.begin(), values.end(), [](float v) { return v == 0; });
}

SmallMaps small_maps(const Trace& trace, const TraceTensor& tensor, const HeadGrid& grid, const ViewState& state) {
    constexpr Index most = 256;  // cells of a side
    HeatmapGridItem item;
    treat_heads(item, tensor, grid.axes, state);
    item.largest = keeps_peaks(tensor);
    item.normalization.scale = state.scale;
    GridBlock block;
    while (grid.rows > block.rows * most) block.rows *= 2;
    while (grid.cols > block.cols * most) block.cols *= 2;
    const HiddenCells hidden(trace, tensor, state.memo);
    SmallMaps small;
    for (Index l = 0; l < grid.layers; ++l) {
        const Tensor<float> heads = of_layer(tensor.values, grid.axes, l);
        for (Index h = 0; h < grid.heads; ++h) {
            small.zero.push_back(all_zero(heads.row(h)) ? 1 : 0);
            item.values = seen_map(hidden, grid.axes, l, h, heads.row(h)).reshape(Shape{1, grid.rows, grid.cols});
            const GridAtlas atlas = grid_atlas(item, block);
            if (small.maps.empty())
                small.maps = Tensor<float>::uninitialized(Shape{grid.layers * grid.heads, atlas.tall, atlas.wide});
            std::ranges::copy(atlas.values.values(), small.maps.row(l * grid.heads + h).values().begin());
        }
    }
    return small;
}

/// The maps of the chosen heads, layer by layer.
Tensor<float> maps_of_heads(const Tensor<float>& maps, Index layers, const std::vector<Index>& which) {
    const Index heads = maps.shape()[0] / layers, cells = maps.shape()[1] * maps.shape()[2];
    const auto n = static_cast<Index>(which.size());
    auto kept = Tensor<float>::uninitialized(Shape{layers * n, maps.shape()[1], maps.shape()[2]});
    for (Index l = 0; l < layers; ++l)
        for (Index h = 0; h < n; ++h)
            std::copy_n(maps.data() + (l * heads + which[static_cast<std::size_t>(h)]) * cells, cells,
                        kept.data() + (l * n + h) * cells);
    return kept;
}

/// Leaves the heads out that were not chosen.
void keep_chosen(HeadGrid& grid, const ViewState& state) {
    grid.which = heads_asked_for(state.options, grid.heads);
    if (static_cast<Index>(grid.which.size()) == grid.heads) return;
    const auto kept = [&](const Tensor<float>& maps) {
        return *remembered<Tensor<float>>(state.memo, maps, "heads " + heads_text(grid.which),
                                          [&] { return maps_of_heads(maps, grid.layers, grid.which); });
    };
    const bool masked = grid.maps.data() != grid.computed.data();
    grid.computed = kept(grid.computed);
    grid.maps = masked ? kept(grid.maps) : grid.computed;
    grid.heads = static_cast<Index>(grid.which.size());
    for (std::vector<Index>& order : grid.order) {
        std::vector<Index> drawn;
        for (const Index head : order)
            if (const auto at = std::find(grid.which.begin(), grid.which.end(), head); at != grid.which.end())
                drawn.push_back(at - grid.which.begin());
        order = drawn;
    }
}

std::string treated_as(const ViewState& state) {
    std::string text = fmt::format("small maps {} {} {}", static_cast<int>(state.options.sink),
                                   static_cast<int>(state.options.special), static_cast<int>(state.scale));
    for (const auto& [axis, positions] : state.options.positions) text += " " + axis + " " + positions_text(positions);
    return text;
}

}  // namespace

bool HeadGrid::is_zero(Index at_layer, Index drawn) const {
    if (!small) return all_zero(map(at_layer, drawn));
    return zero[static_cast<std::size_t>(at_layer * all_heads() + head_of(drawn))] != 0;
}

HeadGrid head_grid_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state, bool whole) {
    HeadGrid grid;
    grid.tensor = &tensor;
    grid.axes = *attention_axes(tensor);
    const Shape& shape = tensor.values.shape();
    grid.layers = grid.axes.layer < 0 ? 1 : shape[grid.axes.layer];
    grid.heads = grid.axes.head < 0 ? 1 : shape[grid.axes.head];
    grid.rows = shape[grid.axes.query];
    grid.cols = shape[grid.axes.key];
    grid.small = !whole && !tensor.values.kept() && grid.axes.layer == 0;
    if (grid.small) {
        const auto small = remembered<SmallMaps>(state.memo, tensor.values, treated_as(state),
                                                 [&] { return small_maps(trace, tensor, grid, state); });
        grid.maps = grid.computed = small->maps;
        grid.zero = small->zero;
    } else {
        grid.computed = tensor.values.reshape(Shape{grid.layers * grid.heads, grid.rows, grid.cols});
        grid.maps = seen_values(trace, tensor, state.memo).reshape(grid.computed.shape());
    }
    grid.sorted = state.options.order != ViewOptions::Order::as_is && grid.heads > 1;
    grid.order = *remembered<Orders>(state.memo, tensor.values, "order " + to_string(state.options.order),
                                     [&] { return orders_of(trace, grid, state); });
    keep_chosen(grid, state);
    return grid;
}

std::vector<HeadByHand> heads_by_hand(const HeadGrid& grid, const ViewState& state) {
    const auto look = [&] {
        std::vector<HeadByHand> all;
        for (Index l = 0; l < grid.layers; ++l)
            for (Index h = 0; h < grid.all_heads(); ++h) {
                std::vector<Index> block(grid.tensor->info.axes.size(), -1);
                if (grid.axes.layer >= 0) block[static_cast<std::size_t>(grid.axes.layer)] = l;
                if (grid.axes.head >= 0) block[static_cast<std::size_t>(grid.axes.head)] = h;
                if (std::string said = block_said(*grid.tensor, block); !said.empty()) all.push_back({l, h, std::move(said)});
            }
        return all;
    };
    if (grid.tensor->before.empty()) return {};
    std::vector<HeadByHand> heads =
        *remembered<std::vector<HeadByHand>>(state.memo, grid.tensor->values, "heads_by_hand", look);
    std::erase_if(heads, [&](const HeadByHand& one) { return std::ranges::find(grid.which, one.head) == grid.which.end(); });
    return heads;
}

std::string heads_by_hand_said(const HeadGrid& grid, const std::vector<HeadByHand>& heads) {
    constexpr std::size_t most = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(heads.size(), most); ++i) {
        std::string where = grid.layer() ? position_text(*grid.layer(), heads[i].layer) : "";
        if (grid.head()) where += (where.empty() ? "" : ", ") + position_text(*grid.head(), heads[i].head);
        text += (text.empty() ? "" : " · ") + where + ": " + heads[i].said;
    }
    if (heads.size() > most) text += fmt::format(" · and {} more heads by hand", heads.size() - most);
    return text;
}

std::vector<Index> ordinary_or_all(const Axis& axis) {
    std::vector<Index> kept = ordinary_positions(axis);
    if (static_cast<Index>(kept.size()) == axis.extent) kept.clear();
    return kept;
}

namespace {

/// The positions of an axis that are shown, of those that are not left out, as `part` says; empty: all of the axis.
std::vector<Index> shown_positions(const ViewState& state, const AxisPtr& axis, PartAxis::Runs runs, PartAxis& part) {
    std::vector<Index> shown;
    if (state.options.special == ViewOptions::Special::hide) shown = ordinary_or_all(*axis);
    Axis ordinary = *axis;
    if (!shown.empty()) ordinary.extent = static_cast<Index>(shown.size());
    std::vector<Index> kept = asked_positions(state, ordinary, shown);
    part = part_axis(axis, ordinary.extent, shown, kept, runs);
    if (kept.empty()) return shown;
    for (Index& i : kept) i = shown.empty() ? i : shown[static_cast<std::size_t>(i)];
    return kept;
}

}  // namespace

std::vector<PartAxis> treat_heads(HeatmapGridItem& item, const TraceTensor& tensor, const AttentionAxes& axes,
                                  const ViewState& state) {
    using Runs = PartAxis::Runs;
    const auto axis = [&](int at) { return tensor.info.axes[static_cast<std::size_t>(at)]; };
    std::vector<PartAxis> parts(2);
    item.kept_cols = shown_positions(state, axis(axes.key), Runs::across, parts[0]);
    item.kept_rows = shown_positions(state, axis(axes.query), Runs::down, parts[1]);
    if (tensor.info.role != Role::weights) return parts;
    if (state.options.sink == ViewOptions::Sink::first) item.sink = HeatmapGridItem::Sink::first;
    if (state.options.sink == ViewOptions::Sink::most) item.sink = HeatmapGridItem::Sink::most;
    return parts;
}

}  // namespace saccade
