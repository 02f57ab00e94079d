#pragma once

#include <string>

#include "exhibit/exhibit.hpp"

namespace saccade {

/// What the exhibit's Output field shows, where it is said by this program, in the language that is shown, part by part:
/// "next “cat” 0.93;  head 2.1: induction score 0.97". What a model wrote stays as it is.
std::string output_in_language(const Exhibit& exhibit, const std::string& text);

}  // namespace saccade
