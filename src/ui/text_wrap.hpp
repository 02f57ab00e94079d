#pragma once

#include <functional>
#include <string>
#include <vector>

namespace saccade {

/// Lines of at most `room`, as `width` measures them. Latin breaks at blanks, Chinese and Japanese between any two characters,
/// but never before closing punctuation or after an opening one. A word longer than a line is cut.
std::vector<std::string> wrapped(const std::string& text, double room, const std::function<double(const std::string&)>& width);

/// The same with all blanks, and a line feed wherever a line ends, of a text that has none itself: what a field shows.
std::string broken_into_lines(const std::string& text, double room, const std::function<double(const std::string&)>& width);

/// The text in one line of what can be seen: "⏎" where a line ends, "⇥" for a tab, "·" for other controls.
std::string in_one_line(const std::string& text);

}  // namespace saccade
