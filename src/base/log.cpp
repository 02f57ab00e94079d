#include "base/log.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "base/printable.hpp"

namespace saccade {

void log_warning(std::string_view message) {
    fmt::print(stderr, "saccade: warning: {}\n", printable(message));
}

void log_info(std::string_view message) {
    fmt::print(stderr, "saccade: {}\n", printable(message));
}

}  // namespace saccade
