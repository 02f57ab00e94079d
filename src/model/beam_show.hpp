#pragma once

#include "model/beam.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Shows the tree of a beam search as tensors on the axes beam.step and beam.candidate (best first, 2 * width): beam.parent,
/// beam.token, beam.log_probability, beam.score, beam.fate (0 pruned, 1 live, 2 finished), beam.rank. What a step does not have
/// is NaN.
void show_beam(Probe& probe, const BeamResult& beam, Index width);

/// An id as the probe gave it back: an intervention may have put any number there. Error{invalid_input}.
Index shown_id(const ProbeSite& site, float value, Index limit);
/// Shows ids as a whole tensor; returns them as the probe gave them back.
Ids show_ids(Probe& probe, const ProbeSite& site, const Ids& ids, Index limit);

}  // namespace saccade
