#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace saccade {

/// How many letters must be put in, taken out or changed (Levenshtein 1966) to make one word of the other.
std::size_t edit_distance(const std::string& a, const std::string& b);

/// The names, those most like the word first: a message that lists them may be cut.
std::vector<std::string> nearest_first(const std::string& word, std::vector<std::string> names);

}  // namespace saccade
