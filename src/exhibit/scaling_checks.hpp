#pragma once

#include "exhibit/lesson_checks.hpp"

namespace saccade {

/// Why scores are divided by the root of their width (Vaswani 2017, section 3.2.1), on the queries [n, d] and keys [n, d] of
/// one head. Neither applies to scores that nothing divides.

/// Dot products of a quarter, of half and of all features: the more there are, the larger is the variance over all pairs of
/// tokens (of a part, the mean over the parts).
std::optional<Claim> dots_vary_more_with_features(const Trace& trace);
/// The gradient through softmax (norm of its Jacobian, mean over the queries that see two keys or more) is larger than it would
/// be without the root.
std::optional<Claim> root_keeps_gradient(const Trace& trace);

}  // namespace saccade
