#pragma once

#include "exhibit/lesson_checks.hpp"

namespace saccade {

/// What attention costs in a recurrent translator, counted on its run: of all multiply-adds of the recurrences, the read-out
/// and attention (what it projects, scores and reads) at most a fifth are attention's, and of all numbers that the run holds at
/// most a tenth are its scores and weights. Does not apply without attention.
std::optional<Claim> attention_is_a_small_share(const Trace& trace);

}  // namespace saccade
