#include "ui/matrix_edit.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace saccade {

namespace {

void check_size(Index rows, Index cols) {
    if (rows * cols > largest_matrix)
        throw Error(ErrorCode::invalid_input, fmt::format("{} × {} cells are too many", rows, cols),
                    fmt::format("use at most {}", largest_matrix));
}

}  // namespace

std::string text_from_cells(const Tensor<float>& matrix) {
    std::string text;
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) text += fmt::format("{}{}", matrix.data()[r * cols + c], c + 1 < cols ? "\t" : "\n");
    return text;
}

Tensor<float> with_block(const Tensor<float>& matrix, Index row, Index col, const Tensor<float>& block) {
    const Index old_rows = matrix.shape()[0], old_cols = matrix.shape()[1];
    const Index block_cols = block.shape()[1];
    const Index rows = std::max(old_rows, row + block.shape()[0]), cols = std::max(old_cols, col + block_cols);
    check_size(rows, cols);
    Tensor<float> result(Shape{rows, cols});
    for (Index r = 0; r < old_rows; ++r) std::copy_n(matrix.data() + r * old_cols, old_cols, result.data() + r * cols);
    for (Index r = 0; r < block.shape()[0]; ++r)
        std::copy_n(block.data() + r * block_cols, block_cols, result.data() + (row + r) * cols + col);
    return result;
}

Tensor<float> with_line(const Tensor<float>& matrix, int axis, Index at) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    at = std::clamp<Index>(at, 0, axis == 0 ? rows : cols);
    Tensor<float> result(Shape{rows + (axis == 0 ? 1 : 0), cols + (axis == 1 ? 1 : 0)});
    check_size(result.shape()[0], result.shape()[1]);
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c) {
            const Index to_row = axis == 0 && r >= at ? r + 1 : r, to_col = axis == 1 && c >= at ? c + 1 : c;
            result.data()[to_row * result.shape()[1] + to_col] = matrix.data()[r * cols + c];
        }
    return result;
}

Tensor<float> without_line(const Tensor<float>& matrix, int axis, Index at) {
    const Index rows = matrix.shape()[0], cols = matrix.shape()[1];
    if ((axis == 0 ? rows : cols) < 2 || at < 0 || at >= (axis == 0 ? rows : cols)) return matrix;
    Tensor<float> result(Shape{rows - (axis == 0 ? 1 : 0), cols - (axis == 1 ? 1 : 0)});
    float* to = result.data();
    for (Index r = 0; r < rows; ++r)
        for (Index c = 0; c < cols; ++c)
            if ((axis == 0 ? r : c) != at) *to++ = matrix.data()[r * cols + c];
    return result;
}

}  // namespace saccade
