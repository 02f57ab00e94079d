#pragma once

#include "exhibit/exhibit.hpp"

namespace saccade {

/// For exhibit/positions.cpp: how many dates of held-out lists each position code's model gets right, by the number of dates;
/// measured live. Shows, all [code, dates], quality (dates right where
/// the model writes freely) and accuracy (characters right after the right ones before: models that never saw a list go on end
/// it too early, which says nothing of positions), with what they are counted from. Beyond a learned table there is nothing to
/// measure: NaN, and a note.
void measure_lengths(RunContext& context);

}  // namespace saccade
