#pragma once

#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

/// An executed claim about this run.
struct Claim {
    std::string text;  // "every row of weights sums to 1"
    double error = 0;  // largest deviation found
    double tolerance = 0;
    bool holds = true;
    std::string tensor;  // what it is about
    Index checked = 0;   // cells or rows looked at
    Index edited = 0;    // of these, changed by an intervention
};

/// The building blocks of check_claims, for lessons. `weights`: any tensor whose rows are said to sum to 1.
Claim rows_sum_to_one(const TraceTensor& weights);
/// Does the rule (any rule over tensors of this trace, not only a recorded step's) give what was recorded, within `tolerance`
/// (0: float32 rounding)? Error{bad_format} or {invalid_input} as check_rule.
Claim rule_holds(const Trace& trace, const std::string& rule, double tolerance = 0, Index max_cells = 32);

/// Checks, on this run: every row of each tensor of role weights sums to 1 (or is wholly masked), and every step's rule gives
/// what was recorded. Samples at most `max_cells` cells per rule, evenly. Where an intervention changed a cell, what the model
/// had computed before is held against the rule, and the cell is counted as edited.
std::vector<Claim> check_claims(const Trace& trace, Index max_cells = 32);

}  // namespace saccade
