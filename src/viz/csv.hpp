#pragma once

#include <string>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// What a view shows as RFC 4180 text (CRLF lines, a header). A matrix: row labels, then one column per label. Else one line a
/// position, with a column for each of the first tensor and those that share its axis. Numbers in the shortest form that reads
/// back the same; non-finite ones as nan, inf, -inf.
std::string csv_of(const std::vector<ShownValues>& shown);

/// One field, quoted if it has to be.
std::string csv_field(const std::string& text);

}  // namespace saccade
