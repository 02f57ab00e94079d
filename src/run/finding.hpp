#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exhibit/lesson.hpp"

namespace saccade {

/// The outcome of one point of a lesson on one run.
struct Finding {
    std::optional<Claim> claim;  // empty: the point claims nothing, or does not apply to this run
    std::string problem;         // the check could not be made, and why; then it does not apply
};

/// Executes what a point of a lesson claims on this run. Never throws.
Finding check_point(const LessonPoint& point, const Trace& trace);
/// Executes the claims of a lesson on this run: one finding a point, in order. Never throws.
std::vector<Finding> check_lesson(const Lesson& lesson, const Trace& trace);

/// "held", "broken", or "broken, by hand": what the model itself computed keeps the claim, or an intervention lies in what the
/// claim is about.
std::string verdict(const Claim& claim);
/// The same, or "not on this run", for a point that has a check; empty for one that has none.
std::string verdict(const LessonPoint& point, const Finding& finding);
/// What was found against what was claimed, for a claim that is broken: "off by 0.31, 1e-05 allowed, 12 of
/// 400 checked".
std::string found_against_claimed(const Claim& claim);

}  // namespace saccade
