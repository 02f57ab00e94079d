#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// The one way to read a path, wherever it is written: on the command line, in a prompt, pasted, dropped, in a session. Blanks
/// and line ends around it, quotes around it, file://HOST/ with its percent signs, "~/" for the home folder, and the
/// backslashes of a shell before blanks are taken off. HOST is this machine; else it stays as it is, which names no file. A
/// path that names a file just as it stands is never changed.
std::string path_from_text(std::string_view text);
/// How to write a path so that it is read as that path, whether it is there or not: as it stands, or in quotes where something
/// of its own would be taken off.
std::string text_of_path(const std::string& path);

/// What stands in a folder, but was not put there by hand: names that begin with a dot (.DS_Store, .ipynb_checkpoints,
/// ._a.png), and __MACOSX, which archives bring.
bool is_hidden(std::string_view name);

}  // namespace saccade
