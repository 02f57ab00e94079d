#pragma once

#include <string>
#include <vector>

#include "viz/view.hpp"

namespace saccade {

/// What a view shows as RFC 4180 text (CRLF lines, a header). A matrix: row labels, then one column per label. One axis:
/// one line a position, with a column for each of the first tensor and those that share its axis. More axes, or several
/// matrices: one line a cell, with a column for each axis (its label; where it has tokens, after the position from 1, since one
/// may stand twice) and for each of these tensors. A masked cell has no number. Numbers in the shortest form that reads
/// back the same; non-finite ones as nan, inf, -inf.
std::string csv_of(const std::vector<ShownValues>& shown);

/// One field, quoted if it has to be.
std::string csv_field(const std::string& text);

}  // namespace saccade
