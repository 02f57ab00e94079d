#include "io/user_folder.hpp"

#include <cstdlib>

namespace saccade {

namespace {

/// The specification takes absolute paths alone.
std::string folder_of(const char* variable, const char* below_home) {
    const char* const set = std::getenv(variable);
    if (set != nullptr && *set == '/') return std::string(set) + "/saccade";
    const char* const home = std::getenv("HOME");
    return home != nullptr && *home == '/' ? std::string(home) + below_home + "/saccade" : std::string();
}

}  // namespace

std::string config_folder() {
    return folder_of("XDG_CONFIG_HOME", "/.config");
}

std::string state_folder() {
    return folder_of("XDG_STATE_HOME", "/.local/state");
}

std::string cache_folder() {
    return folder_of("XDG_CACHE_HOME", "/.cache");
}

}  // namespace saccade
