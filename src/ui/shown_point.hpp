#pragma once

#include <optional>
#include <string>
#include <vector>

#include "ui/controller.hpp"

namespace saccade {

/// A claim of what is talked about now, in words.
struct ShownClaim {
    std::string text;                        // with what became of it, if it does not hold
    std::string said;                        // verdict() of run/finding.hpp; empty: not judged yet, or not before the guess
    std::string found;                       // what was found against what was claimed, for a tooltip; may be empty
    bool waits = false;                      // for the guess
    std::optional<std::size_t> scene_claim;  // which claim of the scene it is: a click selects its cells
};

/// What Present and the lesson's panel show at once: a scene of the lesson's file that is open, or a point of the exhibit's own
/// lesson.
struct ShownPoint {
    std::string text;
    std::vector<ShownClaim> claims;
};

/// How many there are: of the open file, else of the exhibit's lesson.
std::size_t shown_points(const AppState& state);
ShownPoint shown_point(const AppState& state, const Controller& act, std::size_t at);
/// The title of the lesson, in its language.
std::string shown_lesson_title(const AppState& state);

}  // namespace saccade
