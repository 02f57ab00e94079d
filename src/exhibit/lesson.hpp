#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "trace/claims.hpp"

namespace saccade {

/// A sentence or two of a lesson, in both languages, and what it says about the run that is shown.
struct LessonPoint {
    std::string english, chinese;
    /// The factual claim, executed on the current run (its `text` is not shown: the sentence is). Null: this point claims
    /// nothing that a run could show. nullopt: it does not apply to this run (no attention, nothing masked).
    std::function<std::optional<Claim>(const Trace&)> check;
};

/// A short lesson: what to try, what to see, and why. Its claims are checks, shown as held or broken on the current run.
struct Lesson {
    std::string title_english, title_chinese;
    std::vector<LessonPoint> points;

    bool empty() const { return points.empty(); }
};

}  // namespace saccade
