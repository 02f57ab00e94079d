#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "viz/slice.hpp"

namespace saccade {

/// Leaves all positions of a plane out but these, ascending, of its axes as they are shown; empty: all of that axis stay. The
/// focus of `state` moves along; it goes where its position is left out.
void keep_positions(Slice& slice, ViewState& state, const std::vector<Index>& rows, const std::vector<Index>& cols);

/// Of values [rows, cols] those rows and columns; empty: all of them.
Tensor<float> kept_positions(const Tensor<float>& values, const std::vector<Index>& rows, const std::vector<Index>& cols);

/// Where on these positions (of the axis as it is shown: `map`, or the same) those are that the state asks for; empty: all, or
/// none of those that were asked for is there.
std::vector<Index> asked_positions(const ViewState& state, const Axis& axis, const std::vector<Index>& map);

/// Leaves all out but the positions that the state asks for (ViewOptions::positions), and notes what they are a part of.
void show_part(Slice& slice, ViewState& state);

/// Does the view that the state names leave positions of its axes out, where it is asked to?
bool chooses_positions(const ViewState& state, const Trace& trace);
/// Asks for these positions of the rows and columns that the state's view draws, as "3-10,12"; empty: as they are asked for.
/// Error{usage} for what is no such text, for a position that there is not, and for views that draw no plane.
void choose_positions(ViewState& state, const Trace& trace, const std::string& rows, const std::string& columns);
/// What a state asks for of those: rows, columns; empty: all.
std::array<std::string, 2> chosen_positions(const ViewState& state, const Trace& trace);

/// " 3–10 of 38", or " 5 of 38" where those that are shown are no neighbours; empty if all are.
std::string shown_of(const Axis& shown, const PartAxis& part);

/// The axis of these positions of another; it knows what it is a part of, if they are neighbours.
AxisPtr part_of_axis(const Axis& axis, const std::vector<Index>& kept);

/// What of a tensor's axis is shown: of `all` positions, of which each stands for one of the axis (`map`; empty: the same),
/// these (`kept`; empty: all). Its axis is null if no other part can be shown: of what a run read, some are left out.
PartAxis part_axis(const AxisPtr& axis, Index all, const std::vector<Index>& map, const std::vector<Index>& kept,
                   PartAxis::Runs runs);
/// Where another part of these axes of a tensor can be shown; none where it cannot.
std::optional<PartPlace> part_place(const Box& map, std::vector<PartAxis> axes, const TraceTensor& tensor);

}  // namespace saccade
