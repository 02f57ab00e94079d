#pragma once

#include "ui/controller.hpp"

namespace saccade {

// Tokens are found by their text on the rows or columns of the map under discussion, whether they are shown or not; one after
// the other is brought into view and selected. TokenSearch in app_state.hpp is what is looked for.

/// Opens the field, which takes the keyboard.
void open_search(AppState& state);
void close_search(AppState& state);

/// The map that is searched: of the selected cell, or else the first attention of the run. Null if there is none.
const TraceTensor* searched_map(const AppState& state);

/// Its rows, or its columns; and are these the same tokens?
const AxisPtr& searched_axis(const TraceTensor& map, bool columns);
bool is_of_same_tokens(const TraceTensor& map);
/// Positions on the whole axis whose token has the text in it, whichever case ASCII letters have; ascending. None for none.
std::vector<Index> tokens_with(const Axis& axis, const std::string& text);
/// Selects what stands there on the whole axis, and brings it into view.
void go_to_token(AppState& state, Controller& act, bool columns, Index position);

/// tokens_with of what is typed into the field.
const std::vector<Index>& found_tokens(AppState& state);
/// The number of the one that was gone to last, from 0; -1: none was.
Index found_at(AppState& state);
/// To the next one (1), the one before (-1), or the first from here on (0); round at the ends.
void go_to_found(AppState& state, Controller& act, int by);

}  // namespace saccade
