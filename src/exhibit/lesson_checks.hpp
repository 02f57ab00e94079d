#pragma once

#include <optional>
#include <string>

#include "exhibit/lesson.hpp"

namespace saccade {

/// What the checks of several lessons share.

/// Is `cause` among what `tensor` was computed from, by the rules of the recorded steps?
bool depends_on(const Trace& trace, const std::string& tensor, const std::string& cause);

/// A claim about `tensor`, looked at in `checked` places, off by at most `error`.
Claim claim_of(const std::string& tensor, Index checked, double error, double tolerance = 0);

/// Checks that the tensor is what its step's rule says; does not apply where it has none.
std::function<std::optional<Claim>(const Trace&)> rule_check(const std::string& tensor);
/// Checks that the rows of a tensor of weights sum to 1; does not apply where it was not recorded.
std::function<std::optional<Claim>(const Trace&)> sum_check(const std::string& tensor);

}  // namespace saccade
