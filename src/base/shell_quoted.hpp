#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// The text as one word of a command for a POSIX shell, whatever it holds: bare if no sign of it means anything to a shell,
/// else in single quotes. Every command that is run, or shown to be pasted, has its file names through this.
std::string shell_quoted(std::string_view text);

}  // namespace saccade
