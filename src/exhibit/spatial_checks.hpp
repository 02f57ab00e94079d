#pragma once

#include <functional>
#include <optional>
#include <string>

#include "exhibit/lesson_checks.hpp"

namespace saccade {

// Checks that the lessons of the exhibits `channel` and `spatial` share. The block that a run shows is the one whose features
// were recorded.

using LessonCheck = std::function<std::optional<Claim>(const Trace&)>;

/// "stage3.block2"; empty if the run shows no block.
std::string shown_block(const Trace& trace);
/// The tensor BLOCK.what of the shown block; null if there is none.
const TraceTensor* block_tensor(const Trace& trace, const std::string& what);

/// The rule of BLOCK.what gives what was recorded. Does not apply where the network has no such tensor.
LessonCheck block_rule_check(const std::string& what);
/// Every value of BLOCK.what, as the network computed it, lies between 0 and 1, and they do not share out one unit: a gate
/// is no softmax.
LessonCheck gate_check(const std::string& what);

}  // namespace saccade
