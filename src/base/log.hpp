#pragma once

#include <string_view>

namespace saccade {

/// One line on stderr: "saccade: warning: ...". What a user must see in the window goes through the AppState banner instead.
void log_warning(std::string_view message);
void log_info(std::string_view message);

/// A text on stderr as it is. What cannot be printed (a full disk, a reader that left) is dropped: the work goes on.
void print_stderr(std::string_view text);

}  // namespace saccade
