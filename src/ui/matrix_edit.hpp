#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

// What a user does to a matrix of numbers, without a window: each returns another matrix, the given one stays.

/// Tab-separated, one row per line, as spreadsheets take it; matrix_from_text (params/matrix_text.hpp) reads the same numbers
/// back.
std::string text_from_cells(const Tensor<float>& matrix);

/// The block with its upper left cell at (row, col); the matrix grows to hold it, filled with 0. Error{invalid_input} beyond
/// largest_matrix cells.
Tensor<float> with_block(const Tensor<float>& matrix, Index row, Index col, const Tensor<float>& block);
constexpr Index largest_matrix = 4'000'000;

/// A row or column of 0 before position `at` (axis 0: a row, 1: a column), or without the one at `at`; the last one stays.
Tensor<float> with_line(const Tensor<float>& matrix, int axis, Index at);
Tensor<float> without_line(const Tensor<float>& matrix, int axis, Index at);

}  // namespace saccade
