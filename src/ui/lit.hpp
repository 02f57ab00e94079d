#pragma once

#include <string>

#include "ui/controller.hpp"
#include "viz/figure.hpp"

namespace saccade {

/// Of what the scene of a played lesson lights: its tokens, wherever a figure of this trace writes them.
void light_tokens(const AppState& state, const Controller& act, const Trace& trace, Figure& figure);
/// Does the scene frame this card (card_key of ui/cards.hpp)?
bool is_framed(const AppState& state, const Controller& act, const std::string& card);

}  // namespace saccade
