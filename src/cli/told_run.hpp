#pragma once

#include "run/runner.hpp"

namespace saccade {

/// What the run has to say goes to stderr, one line per note: it is not an error.
void print_notes(const std::vector<Note>& notes);

/// Runs a request. How far it is goes to stderr, if it takes longer than a second.
TracePtr run_told(const RunRequest& request);
/// The same; Error{usage} for an intervention on a cell that the run does not have.
TracePtr run_intervened(const RunRequest& request);
/// The same; what a hand changed in it has what it was without that beside it (trace/untouched.hpp), for figures to show.
TracePtr run_told_beside_untouched(const RunRequest& request);

}  // namespace saccade
