#pragma once

#include <string_view>

namespace saccade {

/// One line on stderr: "saccade: warning: ...". What a user must see in the window goes through the AppState banner instead.
void log_warning(std::string_view message);
void log_info(std::string_view message);

}  // namespace saccade
