#pragma once

#include "exhibit/exhibit.hpp"
#include "trace/trace.hpp"

namespace saccade {

/// Where an exhibit opens: a cell of its attention in which there is something to see. Of the head that the run itself names
/// best (a tensor over its layers and heads), else of the one that looks most sharply; a token that is neither special nor a
/// mark, and looks at another one, far off if it can be. Where the views show no attention, of the positions that they compare.
/// Empty if they show neither, or a part of longer axes.
CellRef opening_cell(const Exhibit& exhibit, const Params& params, const Trace& trace);

/// The attention that the views show first: what is placed, or the first weights recorded where a view chooses for itself.
/// Null: they show none.
const TraceTensor* shown_attention(const Exhibit& exhibit, const Params& params, const Trace& trace);

/// The cell of the same row that has the largest weight; the same cell if the tensor holds no weights or the row none.
CellRef strongest_of_row(const TraceTensor& tensor, const CellRef& cell);

}  // namespace saccade
