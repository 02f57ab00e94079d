#include "run/finding.hpp"

#include <fmt/core.h>

namespace saccade {

std::vector<Finding> check_lesson(const Lesson& lesson, const Trace& trace) {
    std::vector<Finding> findings;
    for (const LessonPoint& point : lesson.points) {
        Finding finding;
        try {
            if (point.check) finding.claim = point.check(trace);
        } catch (const std::exception& error) {
            // A tensor that this run does not have (another model, a partial run): nothing can be said.
            finding.problem = error.what();
        }
        findings.push_back(std::move(finding));
    }
    return findings;
}

std::string verdict(const LessonPoint& point, const Finding& finding) {
    if (!point.check) return {};
    if (!finding.claim) return "not on this run";
    return finding.claim->holds ? "held" : "broken";
}

std::string found_against_claimed(const Claim& claim) {
    return fmt::format("off by {:.3g}, {:.3g} allowed, {} checked", claim.error, claim.tolerance, claim.checked);
}

}  // namespace saccade
