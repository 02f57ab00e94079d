#include "base/log.hpp"

#include <fmt/core.h>

#include <cstdio>

#include "base/printable.hpp"

namespace saccade {

void log_warning(std::string_view message) {
    print_stderr(fmt::format("saccade: warning: {}\n", printable(message)));
}

void log_info(std::string_view message) {
    print_stderr(fmt::format("saccade: {}\n", printable(message)));
}

void print_stderr(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace saccade
