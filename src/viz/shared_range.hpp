#pragma once

#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// Gives all views that show the same kind of numbers by colours, on the same map and scale, the range that holds those of each
/// (ViewState::limits). A scale per row, and a view with pictures of several ranges, stays as it is. Throws as View::layout
/// does.
void share_range(const Trace& trace, std::vector<ViewState>& states, const TextMeasure& measure);

}  // namespace saccade
