#pragma once

#include <string>
#include <vector>

#include "trace/trace.hpp"
#include "viz/slice.hpp"

namespace saccade {

/// Which cells of a slice a hand changed, in the tensor itself or in the mask that hides its cells: [rows * cols] as shown,
/// empty if none, or if all of many: a whole plane (an ablated head) says so by itself. Weights that only gave way, so that
/// their row still sums to 1, are not among them. Of what an analysis made of a tensor: none.
std::vector<char> touched_cells(const Trace& trace, const TraceTensor& tensor, const Slice& slice);

/// What a hand did to all of a block at once, which marks on single cells do not say: "ablated by hand", "× 0.50 by hand";
/// empty if nothing. -1: all positions of the axis.
std::string block_said(const TraceTensor& tensor, std::vector<Index> block);
/// The same of the plane, or the row, that a slice shows.
std::string block_said(const Slice& slice);

}  // namespace saccade
