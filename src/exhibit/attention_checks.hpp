#pragma once

#include <functional>
#include <optional>
#include <string>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

// Checks that the lessons of the transformer group share. Weights are [layer, head, query, key].

using LessonCheck = std::function<std::optional<Claim>(const Trace&)>;

/// Rows of every one of these tensors sum to 1 (or are wholly masked).
LessonCheck sums_check(std::vector<std::string> tensors);
/// No weight on a key after the query. Applies where the mask STACK.mask hides each of them.
LessonCheck no_future_check(const std::string& stack);
/// No weight where the mask hides a key. Applies where it hides any.
LessonCheck masked_check(const std::string& stack);
/// Does the mask STACK.mask, as the model made it, leave a key after its query visible?
bool sees_the_future(const Trace& trace, const std::string& stack);
/// Some weight goes to keys after the query. Applies where none is hidden.
LessonCheck both_ways_check(const std::string& stack);

}  // namespace saccade
