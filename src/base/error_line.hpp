#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/printable.hpp"

namespace saccade {

/// What the terminal and the banner show of an error: "MESSAGE: HINT", one line of at most 300 characters that a terminal can
/// show. The message keeps its beginning and its end, the hint its beginning.
std::string shown_line(const Error& error);
std::string shown_line(const std::string& message, const std::string& hint = {});

/// Whatever was thrown, in this program's words: never the text that a library has for its own authors.
Error as_error(const std::exception& error);

/// The same of what is being handled, in a catch (...).
Error current_error();

}  // namespace saccade
