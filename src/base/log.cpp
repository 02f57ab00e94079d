#include "base/log.hpp"

#include <fmt/core.h>

#include <cstdio>

namespace saccade {

void log_warning(std::string_view message) {
    fmt::print(stderr, "saccade: warning: {}\n", message);
}

void log_info(std::string_view message) {
    fmt::print(stderr, "saccade: {}\n", message);
}

}  // namespace saccade
