#include "ui/held.hpp"

#include "trace/hand.hpp"
#include "viz/derived.hpp"

namespace saccade {

CellRef held_cell(const AppState& state) {
    const CellRef& cell = state.document.stage.selected.cell;
    return state.document.trace() == nullptr ? CellRef{} : source_cell(*state.document.trace(), cell, state.memo.get());
}

const TraceTensor* held_tensor(const AppState& state) {
    const CellRef cell = held_cell(state);
    if (cell.empty()) return nullptr;
    const TraceTensor* tensor = state.document.trace()->find(cell.tensor);
    if (tensor == nullptr || tensor->values.empty()) return nullptr;
    const Role role = tensor->info.role;
    const bool fixed = role == Role::parameter || role == Role::metric || role == Role::input || role == Role::output;
    return fixed ? nullptr : tensor;
}

std::optional<CellRef> held_block(const AppState& state) {
    const TraceTensor* tensor = held_tensor(state);
    if (tensor == nullptr) return std::nullopt;
    return block_around(*tensor, held_cell(state));
}

}  // namespace saccade
