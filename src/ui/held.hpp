#pragma once

#include <optional>

#include "ui/app_state.hpp"

namespace saccade {

/// The selected cell; of what the views joined, the cells of the run that it was made of.
CellRef held_cell(const AppState& state);
/// Its tensor, if it is one that can be changed by hand as a block; null: none is.
const TraceTensor* held_tensor(const AppState& state);
/// The head, row or channel around it (trace/hand.hpp), to ablate, scale or freeze.
std::optional<CellRef> held_block(const AppState& state);

}  // namespace saccade
