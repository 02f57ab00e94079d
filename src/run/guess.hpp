#pragma once

#include <cstddef>
#include <vector>

#include "run/run.hpp"

namespace saccade {

// A guess of how a row of weights is shared out: none negative, and all together 1.

/// Every place alike.
std::vector<float> even_guess(std::size_t places);
/// One place gets this share, from 0 to 1; the others give or take it in proportion, so that the sum stays 1.
void set_share(std::vector<float>& guess, std::size_t place, float share);
/// Total variation: the part of the weight that lies elsewhere, from 0 to 1.
double guess_distance(const std::vector<float>& guess, const std::vector<float>& row);

/// The matrix alone whose row is asked about (its last index is -1), of the head and layer that the row is of: a trace of one
/// tensor. Covered: of the row nothing is left, so that no view and no tooltip can tell it.
TracePtr asked_matrix(const Trace& trace, const CellRef& row, bool covered);

}  // namespace saccade
