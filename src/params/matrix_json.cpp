#include "params/matrix_json.hpp"

#include <nlohmann/json.hpp>

#include "io/json_text.hpp"
#include "params/matrix_text.hpp"

namespace saccade {

using nlohmann::json;

namespace {

[[noreturn]] void refuse() {
    throw Error(ErrorCode::bad_format, "a matrix is written as rows of numbers, all of one length");
}

/// Appends the numbers below `value`; the first way down fixes the extents that all others must have.
void flatten(const json& value, std::size_t depth, std::vector<Index>& dims, std::vector<float>& cells) {
    if (!value.is_array()) {
        const std::optional<float> number = float_in(value);
        if (!number || depth != dims.size()) refuse();
        cells.push_back(*number);
        return;
    }
    const auto count = static_cast<Index>(value.size());
    if (cells.empty() && depth == dims.size() && depth < static_cast<std::size_t>(Shape::max_rank)) dims.push_back(count);
    if (depth >= dims.size() || dims[depth] != count) refuse();
    for (const json& item : value) flatten(item, depth + 1, dims, cells);
}

json rows_from(const Tensor<float>& matrix, int axis, Index offset) {
    if (axis == matrix.shape().rank()) return shortest_double(matrix.data()[offset]);
    json rows = json::array();
    const Index stride = matrix.shape().span_size(axis + 1, matrix.shape().rank());
    for (Index i = 0; i < matrix.shape()[axis]; ++i) rows.push_back(rows_from(matrix, axis + 1, offset + i * stride));
    return rows;
}

}  // namespace

json matrix_to_json(const Tensor<float>& matrix) {
    return rows_from(matrix, 0, 0);
}

Tensor<float> matrix_from_json(const json& value) {
    std::vector<Index> dims;
    std::vector<float> cells;
    flatten(value, 0, dims, cells);
    return Tensor<float>::from(Shape(dims), cells);
}

}  // namespace saccade
