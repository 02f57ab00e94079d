#pragma once

#include <string>

#include "trace/trace.hpp"

namespace saccade {

// What a hand's changes came to, in the trace itself: everything that is made of a trace (the stage, a figure, a page, a table)
// can set what is beside what was.

/// "probabilities" -> "probabilities.untouched": by this a trace has what the tensor, or the text, was in the run without
/// anything changed by hand.
std::string untouched_name(const std::string& name);

/// The trace with that beside it, of `untouched`, the same run without anything changed by hand: of each tensor of
/// probabilities, over its own axes (NaN in rows that the other run does not have), and of each text that came out otherwise.
/// Of what is sorted by ids (the likeliest tokens) it is what the same ids had. What cannot be set side by side is left out.
Trace with_untouched(const Trace& trace, const Trace& untouched);

}  // namespace saccade
