#pragma once

#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

/// An executed claim about this run, as it is shown: where an intervention changed a cell, about what stands there now.
struct Claim {
    std::string text;  // "every row of weights sums to 1"
    double error = 0;  // largest deviation found
    double tolerance = 0;
    bool holds = true;
    bool by_hand = false;  // broken, and only by an intervention: what the model computed there holds
    std::string tensor;    // what it is about
    Index checked = 0;     // cells or rows looked at
    Index edited = 0;      // of these, changed by an intervention
    Index of = 0;          // how many there are to look at; 0: not counted
    std::string found;     // what was found against what was claimed, in words; empty: `error` and `tolerance` say it
};

/// The building blocks of check_claims, for lessons. `weights`: any tensor whose rows are said to sum to 1.
Claim rows_sum_to_one(const TraceTensor& weights);
/// Does the rule (any rule over tensors of this trace, not only a recorded step's) give what was recorded, within `tolerance`
/// (0: float32 rounding, of the largest value that stands there or stood there before an intervention)? Looks at `max_cells`
/// cells, evenly, and at some more that were changed by hand, if there are any. Error{bad_format} or {invalid_input} as
/// check_rule.
Claim rule_holds(const Trace& trace, const std::string& rule, double tolerance = 0, Index max_cells = 32);

/// Checks, on this run: every row of each tensor of role weights sums to 1 (or is wholly masked), and every step's rule gives
/// what is shown. Samples at most `max_cells` cells per rule, as rule_holds.
std::vector<Claim> check_claims(const Trace& trace, Index max_cells = 32);

/// The steps whose formula nothing checks: it has no rule, or the rule's operands were not captured.
std::vector<const Step*> unchecked_formulas(const Trace& trace);

}  // namespace saccade
