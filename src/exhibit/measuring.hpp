#pragma once

#include <functional>

#include "exhibit/exhibit.hpp"

namespace saccade {

/// For exhibits that measure for a while: an intervention that names no tensor of the run, or does not fit it, is refused
/// before anything is measured. `record` records what there is to show so far: nothing yet. Errors as Probe::finish().
void refuse_before_measuring(const RunContext& context, const std::function<void(Probe&)>& record);

}  // namespace saccade
