#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

/// For exhibit/positions.cpp: how many dates of held-out lists each position code's model gets right, by the number of dates;
/// measured live. Shows right, asked and quality [code, dates]. Beyond a learned table there is nothing to measure: NaN, and a
/// note.
void measure_lengths(RunContext& context);

}  // namespace saccade
