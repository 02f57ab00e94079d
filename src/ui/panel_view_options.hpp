#pragma once

#include "ui/panels.hpp"

namespace saccade {

/// The options that the views on the stage use and that mean something on this run, in the order of the panel.
std::vector<const ViewOption*> offered_view_options(const AppState& state, const OptionFacts& facts);

/// What of the attention the views show and how: scale, combination of heads and layers, sink, special tokens, order,
/// threshold; how maps lie over their picture, and the order of channels. Only what means something for the run on the stage is
/// offered.
void draw_view_options(const Ui& ui, AppState& state);

}  // namespace saccade
