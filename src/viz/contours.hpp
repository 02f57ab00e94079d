#pragma once

#include <vector>

#include "viz/figure.hpp"

namespace saccade {

using Polyline = std::vector<Point>;

/// Where a matrix takes a level: lines between the centres of its cells, linear between them and level from the outermost
/// centres to the edge (marching squares). In cells, y down: the first cell lies between 0 and 1. Closed lines end where they
/// begin. Masked cells are left out. Matrices of more than 96 rows or columns are averaged first.
std::vector<Polyline> contour_lines(const Tensor<float>& values, double level);

}  // namespace saccade
