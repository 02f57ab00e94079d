#include "run/finding.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "trace/formula.hpp"

namespace saccade {

namespace {

/// "a, b" -> a and b.
std::vector<std::string> names_in(const std::string& list) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(", ", at), list.size());
        names.push_back(list.substr(at, comma - at));
        at = comma + 2;
    }
    return names;
}

/// Was one of the tensors, or anything that they were computed from, changed by an intervention? What follows from no rule may
/// have been computed from anything.
bool touched_by_hand(const Trace& trace, const std::string& tensors) {
    std::set<std::string> seen;
    std::vector<std::string> open = names_in(tensors);
    while (!open.empty()) {
        const std::string name = open.back();
        open.pop_back();
        const TraceTensor* found = trace.find(name);
        if (found == nullptr || !seen.insert(name).second) continue;
        if (!found->before.empty()) return true;
        const Step* step = trace.step_of(name);
        if (step == nullptr) continue;
        if (!step->rule.empty()) {
            for (const std::string& operand : operands(parse_rule(step->rule))) open.push_back(operand);
            continue;
        }
        for (const TraceTensor& other : trace.tensors())
            if (!other.before.empty()) return true;
    }
    return false;
}

}  // namespace

Finding check_point(const LessonPoint& point, const Trace& trace) {
    Finding finding;
    try {
        if (point.check) finding.claim = point.check(trace);
        // What holds of nothing at all says nothing.
        if (finding.claim && finding.claim->checked == 0) finding.claim.reset();
        // A step's own rule, or a sum, says itself whether the hand alone broke it: what it reads, it reads as it is shown. All
        // else is broken by hand if a hand was in what it is about.
        Claim* claim = finding.claim ? &*finding.claim : nullptr;
        if (claim != nullptr && !claim->holds && claim->text.empty()) claim->by_hand = touched_by_hand(trace, claim->tensor);
    } catch (const std::exception& error) {
        // A tensor that this run does not have (another model, a partial run): nothing can be said.
        finding.problem = as_error(error).line();
    }
    return finding;
}

std::vector<Finding> check_lesson(const Lesson& lesson, const Trace& trace) {
    std::vector<Finding> findings;
    for (const LessonPoint& point : lesson.points) findings.push_back(check_point(point, trace));
    return findings;
}

std::string verdict(const LessonPoint& point, const Finding& finding) {
    if (!point.check) return {};
    if (!finding.claim) return "not on this run";
    return verdict(*finding.claim);
}

std::string verdict(const Claim& claim) {
    return claim.holds ? msg("held") : claim.by_hand ? "broken, by hand" : msg("broken");
}

std::string found_against_claimed(const Claim& claim) {
    const std::string looked = claim.of > claim.checked ? fmt::format("{} of {} checked", claim.checked, claim.of)
                                                        : fmt::format("{} checked", claim.checked);
    if (!claim.found.empty()) return claim.found + " · " + looked;
    return fmt::format("off by {:.3g}, {:.3g} allowed, {}", claim.error, claim.tolerance, looked);
}

}  // namespace saccade
