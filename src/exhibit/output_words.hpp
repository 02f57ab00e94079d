#pragma once

#include <string>

#include "exhibit/exhibit.hpp"

namespace saccade {

/// Is what the exhibit's Output field shows said by this program, so that it is shown in the window's language? Else a model
/// wrote it, and it stays as it is.
bool output_is_said(const Exhibit& exhibit);

/// Such a text in the language that is shown, part by part: "next “cat” 0.93;  head 2.1: induction score 0.97".
std::string output_in_language(const Exhibit& exhibit, const std::string& text);

}  // namespace saccade
