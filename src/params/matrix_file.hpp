#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// A matrix from a file: "F.npy", "F.npz:NAME" or "F.npz" (io/npz.hpp), or text as params/matrix_text.hpp reads it in a file of
/// any other ending (.csv, .tsv, .txt). One axis becomes one row. Error{io}, {bad_format} or {invalid_input} in one line that
/// begins with the path: not there, not a matrix, text, NaN or infinity in row and column, more than 16 MiB of text or a
/// million numbers.
Tensor<float> read_matrix(const std::string& source);

/// What a person writes where a matrix is wanted: its numbers, or "@FILE". Errors as above and of matrix_from_text().
Tensor<float> matrix_from_words(const std::string& text);

/// The file that these words have matrix_from_words() read; empty if they hold the numbers themselves.
std::string matrix_file_in(const std::string& words);

}  // namespace saccade
