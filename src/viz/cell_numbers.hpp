#pragma once

#include "viz/view.hpp"

namespace saccade {

/// Writes the numbers of the figure's first heatmap into its cells, if they have room: a small matrix is read, not guessed from
/// its colours.
void write_cell_numbers(Figure& figure, const ViewState& state, const TextMeasure& measure);

}  // namespace saccade
