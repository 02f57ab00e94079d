#pragma once

#include <optional>
#include <string>

#include "exhibit/lesson.hpp"
#include "trace/rows_claim.hpp"

namespace saccade {

/// What the checks of several lessons share.

constexpr double rounding_of_sums = 1e-5;  // of float32, relative

/// Is `cause` among what `tensor` was computed from, by the rules of the recorded steps?
bool depends_on(const Trace& trace, const std::string& tensor, const std::string& cause);

/// A claim about `tensor`, or several ("a, b"), looked at in `checked` places, off by at most `error`. Nothing looked at: it is
/// not on this run.
Claim claim_of(const std::string& tensor, Index checked, double error, double tolerance = 0);
/// One that is so or is not; `found`: what was found instead, in words.
Claim claim_whether(const std::string& tensor, Index checked, bool holds, std::string found);
/// A claim whose places are spread evenly over the rows of `weights`: those of rows that see nothing (trace/rows_claim.hpp) do
/// not count as checked.
Claim about_rows(Claim claim, const TraceTensor& weights);

/// rule_holds of a rule that is no step's own, but should hold all the same: whatever a hand changed before it may break it.
Claim consequence_holds(const Trace& trace, const std::string& rule, double tolerance = 0);
/// Checks that the tensor is what its step's rule says; does not apply where it has none.
std::function<std::optional<Claim>(const Trace&)> rule_check(const std::string& tensor);
/// Checks that the rows of a tensor of weights sum to 1; does not apply where it was not recorded, or has one key alone.
std::function<std::optional<Claim>(const Trace&)> sum_check(const std::string& tensor);

}  // namespace saccade
