#pragma once

#include "viz/layout.hpp"

namespace saccade {

/// As fit_row_labels and fit_column_labels, but positions are written in any case, as on the other axis of the same tokens.
AxisLabels counted_row_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit);
AxisLabels counted_column_labels(const Sketch& sketch, const Axis& axis, double pitch, double limit);

}  // namespace saccade
