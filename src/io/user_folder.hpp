#pragma once

#include <string>

namespace saccade {

// Where the program keeps what is a person's own, by the XDG base directories; none need be there yet. Empty: there is no home.

/// $XDG_CONFIG_HOME/saccade, or ~/.config/saccade: what was set.
std::string config_folder();
/// $XDG_STATE_HOME/saccade, or ~/.local/state/saccade: what is open.
std::string state_folder();
/// $XDG_CACHE_HOME/saccade, or ~/.cache/saccade: what can be made again.
std::string cache_folder();

}  // namespace saccade
