#pragma once

#include <memory>

#include "trace/trace.hpp"
#include "viz/view.hpp"

namespace saccade {

/// The unit of what is a difference.
inline constexpr const char* difference_unit = "B − A";

/// B - A of two runs of one exhibit, as a trace that the views draw like any other: each tensor that both have along axes of
/// the same names, cell by cell. Axes are aligned by position and as long as the longer one; where the labels differ a position
/// has both ("7 | 8"), and a cell that only one run has, or that one of them masks, is NaN: masked, so views hatch it. Notes
/// say which axes differ and how. Ids, masks and parameters are left out: their differences mean nothing; a picture of the same
/// size is that of B, for maps to lie over.
Trace difference_of(const Trace& a, const Trace& b);

/// The state by which a view shows it: a diverging map, unless another is asked for, its range symmetric about zero; titles
/// say that it is B - A.
ViewState difference_state(ViewState state, const ComparedRuns& runs = {});

/// B - A of two tensors that an analysis made of a tensor of each run, over the axes of their difference. Empty if they have no
/// axes in common.
std::shared_ptr<const TraceTensor> difference_of(const TraceTensor& a, const TraceTensor& b, const Trace& difference);

}  // namespace saccade
