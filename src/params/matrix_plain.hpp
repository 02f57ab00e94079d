#pragma once

#include <string>

namespace saccade {

/// Of ASCII, in any locale.
inline bool is_ascii_digit(char c) {
    return c >= '0' && c <= '9';
}

/// The text of a matrix with ASCII for what Chinese keyboards, spreadsheets and typeset tables have instead, before any
/// number is read. Error{invalid_input}: a number that can be one or two, as it holds a no-break space, and what is longer than
/// any number is written.
std::string plain_matrix_text(const std::string& text);

}  // namespace saccade
