#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// A matrix as people type or paste it: rows end with ';', a line break, or a closing bracket; numbers are separated by commas,
/// spaces or tabs. So "1 0; 0 1", a block of a spreadsheet, a CSV file, [[1, 0], [0, 1]] and what NumPy prints are all read.
/// What a text separates its numbers with is found from the whole of it: in "0,5;1,5" line by line semicolons stand between
/// numbers with decimal commas, in "0,5 1,5" spaces; in "1,234.5" a comma groups thousands, in "1.234,5" a point. A text with
/// several readings ("1,5": 1 and 5, or 1.5; "1,2;3,4"; "1,000 2,000"; "0,5, 1,5") is refused with all of them; whole numbers
/// with commas, a row a line, are a table, as everywhere. Inside brackets commas only separate. Digits and signs are read in
/// NFKC. Always of two axes. Error{invalid_input} in one line says which row and column: text, an empty cell, NaN, infinity, a
/// row of another length, more than a million numbers.
Tensor<float> matrix_from_text(const std::string& text);

/// "1 0; 0 1": the shortest digits that give the same floats back. Of rank up to 2; deeper ones are written as one row a
/// vector.
std::string matrix_to_text(const Tensor<float>& matrix);

/// The shortest decimal number that rounds to this float, as double: 0.1f becomes 0.1, not 0.10000000149011612.
double shortest_double(float value);

}  // namespace saccade
