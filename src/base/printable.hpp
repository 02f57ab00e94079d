#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// The text as it may be shown on a terminal or in a line of the window, whoever wrote it: one line, of what can be seen. What
/// is not UTF-8 becomes U+FFFD; controls (C0, DEL, C1: escapes, line ends, tabs) and what turns the direction of writing are
/// written out: "\x1b", "\n", "\u202e". A text without any of these is not changed.
std::string printable(std::string_view text);

/// The same for a text of several lines that stay lines: controls other than '\n' are written out as JSON does, so that JSON
/// stays JSON.
std::string printable_json(std::string_view text);

}  // namespace saccade
