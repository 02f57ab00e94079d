#include "base/log.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "base/printable.hpp"

namespace saccade {

void log_warning(std::string_view message) {
    std::fputs(fmt::format("saccade: warning: {}\n", printable(message)).c_str(), stderr);
}

void log_info(std::string_view message) {
    std::fputs(fmt::format("saccade: {}\n", printable(message)).c_str(), stderr);
}

}  // namespace saccade
