#pragma once

#include <vector>

#include "trace/claims.hpp"

namespace saccade {

// Claims about the rows (of the innermost axis) of weights. Of a row that sees nothing there is nothing to claim: its zeros say
// that everything is masked, and are counted neither as checked nor as broken.

/// Were all weights of this row computed as 0, and does 0 stand there? Not so where a hand set them to 0, or a weight to more.
bool sees_nothing(const TraceTensor& weights, Index row);

/// rows_sum_to_one over several tensors, none null, at least one.
Claim rows_sum_to_one(const std::vector<const TraceTensor*>& weights);

/// Says of a judged claim that `rows` of the rows that it is about see nothing; checked and `of` are left to the caller.
void say_rows_left_out(Claim& claim, Index rows);

}  // namespace saccade
