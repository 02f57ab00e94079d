#pragma once

#include <nlohmann/json_fwd.hpp>

#include "ui/controller.hpp"

namespace saccade {

/// What the window shows, as facts: tests that drive it by real events assert on this, not on pixels.
nlohmann::json state_dump(const AppState& state, Controller& act);

}  // namespace saccade
