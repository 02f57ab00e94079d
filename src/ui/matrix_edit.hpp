#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

// What a person does to a matrix of numbers, without a window: each returns another matrix, the given one stays.

/// A block as spreadsheets and people write it: rows end at a line's end, a ';' or a ']'; cells are set apart by tabs, commas
/// or blanks. [rows, cols]. Error{invalid_input} in one line: what is no number and where, which row is ragged, NaN.
Tensor<float> cells_from_text(const std::string& text);
/// Tab-separated, a row a line; read back by cells_from_text to the same numbers.
std::string text_from_cells(const Tensor<float>& matrix);
/// .npy, .npz (FILE.npz:NAME, or the first matrix in it), .csv, .tsv, .txt. One row if it has one axis. Error{bad_format},
/// {invalid_input}, {io}.
Tensor<float> load_cells(const std::string& path);

/// The block with its upper left cell at (row, col); the matrix grows to hold it, filled with 0. Error{invalid_input} beyond
/// largest_matrix cells.
Tensor<float> with_block(const Tensor<float>& matrix, Index row, Index col, const Tensor<float>& block);
constexpr Index largest_matrix = 4'000'000;

/// A row or column of 0 before position `at` (axis 0: a row, 1: a column), or without the one at `at`; the last one stays.
Tensor<float> with_line(const Tensor<float>& matrix, int axis, Index at);
Tensor<float> without_line(const Tensor<float>& matrix, int axis, Index at);

}  // namespace saccade
