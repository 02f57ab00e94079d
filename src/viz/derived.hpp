#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trace/trace.hpp"
#include "viz/remembered.hpp"

namespace saccade {

/// What an analysis makes of a tensor, as a tensor below it ("encoder.weights.mean"). Found again while the source's numbers
/// are the same. Error{usage}, {invalid_input} as Analysis::derive.
std::shared_ptr<const TraceTensor> derived_tensor(const Trace& trace, const TraceTensor& source, const std::string& analysis,
                                                  const std::vector<Index>& numbers, Reuse* memo);

/// The trace itself if it has a tensor of this name (then it must outlive the result); else with the analyses that make it, so
/// that its cells explain themselves. Error{not_found}, {invalid_input}.
std::shared_ptr<const Trace> trace_with(const Trace& trace, const std::string& name, Reuse* memo);

/// The cell of the run's own tensor that a derived cell was made of, by where its row and column stand; layers and heads that
/// were joined are -1. A cell of the run is itself; empty for one that is of neither.
CellRef source_cell(const Trace& trace, const CellRef& cell, Reuse* memo);

}  // namespace saccade
