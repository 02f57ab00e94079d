#pragma once

#include "model/beam.hpp"
#include "trace/observer.hpp"

namespace saccade {

/// Shows the tree of a beam search as tensors on the axes beam.step and beam.candidate (best first, 2 * width): beam.parent,
/// beam.token, beam.log_probability, beam.score, beam.fate (0 pruned, 1 live, 2 finished), beam.rank. What a step does not have
/// is NaN.
void show_beam(Probe& probe, const BeamResult& beam, Index width);

/// The same, with a note where interventions are at work, which the search leaves out; returns the ids of the hypothesis
/// `which`, counted from 1 and brought into range.
const Ids& shown_hypothesis(Probe& probe, const BeamResult& beam, Index width, Index which);

}  // namespace saccade
