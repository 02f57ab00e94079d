#pragma once

#include <span>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// Setting attention weights by hand so that each row still sums to 1 (the rule is written at Probe). Remembers across the
/// edits of one tensor which cells were set, so that a later edit takes from the cells that nobody set, as long as they have
/// enough.
class RowEdit {
 public:
    RowEdit() = default;
    /// `masked` [cells], rows of `row_size` cells.
    RowEdit(std::vector<char> masked, Index row_size);

    bool empty() const { return cells_.empty(); }
    /// Marks a cell for the next apply().
    void touch(Index cell);
    /// Gives the touched cells the value and renormalises their rows. How many cells that were set, now or before, could not
    /// keep what they were set to: a row with one key holds 1 and nothing else, and two cells no 0.7 each.
    Index apply(std::span<float> weights, float value);

 private:
    enum class Cell : char { free, masked, set_before, touched };
    void apply_row(float* weights, Cell* cells, float value) const;

    std::vector<Cell> cells_;
    Index row_size_ = 0;
};

}  // namespace saccade
