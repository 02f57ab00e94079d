#pragma once

#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// Logical px between the lines of a hatching, along x: the same on every canvas.
constexpr double hatch_spacing = 6;

struct Segment {
    Point from, to;
};
/// Diagonal lines within the boxes, one pattern across the whole figure (x + y is a multiple of the spacing). Lines that go on
/// from one box to the next are one: a canvas that knows no patterns and no clipping can draw them.
std::vector<Segment> hatch_lines(const std::vector<Box>& boxes);

}  // namespace saccade
