#pragma once

#include <string>

#include "run/finding.hpp"
#include "ui/widgets.hpp"

namespace saccade {

// What became of a point of a lesson on the run that is shown. `said`: verdict() of run/finding.hpp, not empty.

bool is_broken(const std::string& said);
Color verdict_color(const Theme& theme, const std::string& said);
/// A disc of 16 logical px with a tick, a cross or a dash: held, broken, not on this run. Empty: a ring, it is not judged yet.
void verdict_mark(const Ui& ui, ImVec2 at, const std::string& said);
/// In that language, and what was found if it is broken.
std::string verdict_line(const std::string& said, const Finding& finding, const std::string& language);

}  // namespace saccade
