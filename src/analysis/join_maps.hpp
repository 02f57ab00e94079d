#pragma once

#include <string>
#include <vector>

#include "analysis/attention.hpp"

namespace saccade {

/// One map of several, at each cell: of the finite values; masked (-inf) where all are. Maps [rows, cols].
void mean_of(const std::vector<const float*>& maps, Index rows, Index cols, float* out);
void max_of(const std::vector<const float*>& maps, Index rows, Index cols, float* out);

/// The heads that take part: those of `numbers` that exist, all if there are none.
std::vector<Index> heads_of(const std::vector<Index>& numbers, Index heads);
/// "(h == 0) + (h == 2)": is this letter's position one of these?
std::string one_of(char letter, const std::vector<Index>& positions);
/// Rules of the mean and the largest over the positions of a letter that take part (all of `extent`, or some); masked cells are
/// left out where there are any.
std::string mean_rule(char letter, const std::string& cell, const std::vector<Index>& which, Index extent, bool finite);
std::string max_rule(char letter, const std::string& cell, const std::vector<Index>& which, Index extent);

}  // namespace saccade
