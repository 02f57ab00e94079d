#pragma once

#include "viz/map_picture.hpp"

namespace saccade {

/// Maps of one tensor [.., entries, y, x] for all entries: channels, words. Axes further out stand where the state stands.
struct MapStack {
    const TraceTensor* tensor = nullptr;
    Tensor<float> maps;  // [entries, y, x], the tensor's own storage
    AxisPtr entries, y, x;
    int entry_axis = 0;
    CellRef whole;      // -1 on entries, y and x
    std::string where;  // the fixed axes; empty if none

    /// One entry's map: -1 on y and x.
    CellRef entry(Index i) const;
};
/// Does it have an axis before y and x?
bool is_map_stack(const TraceTensor& tensor);
/// Error{invalid_input} if there is nothing to show.
MapStack map_stack(const TraceTensor& tensor, const ViewState& state);

/// What tells channels apart: the row of a gate along that axis.
struct ChannelGate {
    const TraceTensor* tensor = nullptr;
    Slice row;
    Tensor<float> computed;  // as the model had it: dragging a gate moves no bar to another place
};
/// The gate that the run computed for the channels of this axis; tensor null if there is none. `named`: that one.
ChannelGate gate_of(const Trace& trace, const AxisPtr& axis, const ViewState& state, const TraceTensor* named = nullptr);

/// Regions that belong to the maps of a tensor, such as where the shape is that a word names: another tensor of role map along
/// the same axes that holds nothing but 0 and 1; null if there is none.
const TraceTensor* regions_of(const Trace& trace, const TraceTensor& tensor, const ViewState& state);
/// The outline of a region [y, x] over a box.
void draw_region(Sketch& sketch, const Tensor<float>& region, const Box& box);
/// "outlined: where the word's shape is"; empty if no region [.., y, x] has any cell.
std::string region_caption(const TraceTensor* regions, const Tensor<float>& shown);

/// Positions by value, the largest first, equal ones as they come, masked ones last.
std::vector<Index> largest_first(const Tensor<float>& values);

}  // namespace saccade
