#pragma once

#include <vector>

#include "analysis/attention.hpp"
#include "viz/view.hpp"

namespace saccade {

/// The heads of one tensor, and where they stand.
struct HeadGrid {
    const TraceTensor* tensor = nullptr;
    AttentionAxes axes;
    Tensor<float> maps;                     // [layers * heads, queries, keys], NaN where a mask hides them
    Tensor<float> computed;                 // the same as computed, the tensor's own storage
    Index layers = 1, heads = 1;            // drawn
    std::vector<Index> which;               // heads are drawn, of the tensor's
    std::vector<std::vector<Index>> order;  // per layer: which of the drawn heads stands at each place
    bool sorted = false;
    Index rows = 0, cols = 0;  // of a head's map, as the tensor has it
    /// Maps that are made when they are looked at are made small at once, with what the options ask for: never all of them are
    /// there. Then `computed` are these small maps, too.
    bool small = false;
    std::vector<char> zero{};  // of each small map: is all of it 0?

    AxisPtr layer() const { return axes.layer < 0 ? nullptr : tensor->info.axes[static_cast<std::size_t>(axes.layer)]; }
    AxisPtr head() const { return axes.head < 0 ? nullptr : tensor->info.axes[static_cast<std::size_t>(axes.head)]; }
    Tensor<float> map(Index layer, Index drawn) const { return computed.row(layer * heads + drawn); }
    Index all_heads() const { return axes.head < 0 ? 1 : head()->extent; }
    Index head_of(Index drawn) const { return which[static_cast<std::size_t>(drawn)]; }
    bool some() const { return heads < all_heads(); }
    bool is_zero(Index at_layer, Index drawn) const;
};

/// What a hand did to a head as a whole (viz/touched.hpp).
struct HeadByHand {
    Index layer = 0, head = 0;  // of the tensor
    std::string said;
};
/// Of the heads that are drawn, in their order.
std::vector<HeadByHand> heads_by_hand(const HeadGrid& grid, const ViewState& state);
/// "layer 2, head 1 ablated by hand": at most a few of them by name.
std::string heads_by_hand_said(const HeadGrid& grid, const std::vector<HeadByHand>& heads);

/// `whole`: all cells, however many they are.
HeadGrid head_grid_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state, bool whole = false);

/// The positions of an axis that are not special tokens; empty if there is nothing to leave out.
std::vector<Index> ordinary_or_all(const Axis& axis);
/// What the options ask to be done to maps before they are made small; what is then shown of keys and queries.
std::vector<PartAxis> treat_heads(HeatmapGridItem& item, const TraceTensor& tensor, const AttentionAxes& axes,
                                  const ViewState& state);

}  // namespace saccade
