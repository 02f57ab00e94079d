#pragma once

#include <string>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// What a view shows as a table for LaTeX with the package booktabs. A matrix: row labels, then one column per label. One axis:
/// one line a position, with a column for each tensor that shares it. Numbers to three decimals; "--" where a mask hides the
/// cell. Error{unsupported} if there are more axes than a page has.
std::string latex_of(const std::vector<ShownValues>& shown);

/// Characters that LaTeX takes for commands, as characters.
std::string latex_text(const std::string& text);

}  // namespace saccade
