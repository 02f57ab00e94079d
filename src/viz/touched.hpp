#pragma once

#include <vector>

#include "trace/trace.hpp"
#include "viz/slice.hpp"

namespace saccade {

/// Which cells of a slice a hand changed, in the tensor itself or in the mask that hides its cells: [rows * cols] as shown,
/// empty if none, or if all of many: a whole plane (an ablated head) says so by itself. Weights that only gave way, so that
/// their row still sums to 1, are not among them. Of what an analysis made of a tensor: none.
std::vector<char> touched_cells(const Trace& trace, const TraceTensor& tensor, const Slice& slice);

}  // namespace saccade
