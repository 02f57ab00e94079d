#pragma once

#include <vector>

#include "ui/commands.hpp"

namespace saccade {

// The parts of the table of commands.hpp that have a file of their own.

/// Heard in Present alone.
void add_presenting(std::vector<Command>& all);
/// The tour of the window, and the exhibits as pictures.
void add_tour(std::vector<Command>& all);

constexpr double nudge = 0.05;  // of a weight, by a key
bool scene_changed(const AppState& state, Controller& act);

}  // namespace saccade
