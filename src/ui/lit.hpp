#pragma once

#include <string>
#include <vector>

#include "ui/controller.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Of what the scene of a played lesson lights: its tokens, wherever a figure of this trace writes them.
void light_tokens(const AppState& state, const Controller& act, const Trace& trace, Figure& figure);
/// In Present, before anything is drawn: what of the exhibit's own lesson the point is about now.
void frame_point(AppState& state);
/// The cards (card_key of ui/cards.hpp) that are framed: those of the scene that is on the stage; in Present of an exhibit's
/// own lesson those that show what the point's claim is about.
std::vector<std::string> framed_cards(const AppState& state);

}  // namespace saccade
