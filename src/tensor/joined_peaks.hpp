#pragma once

#include "tensor/tensor.hpp"

namespace saccade {

/// Rows from `row` on, `rows` of them, `row_join` of which become one; and so the columns.
struct JoinedPart {
    Index row = 0, rows = 0, row_join = 1, col = 0, cols = 0, col_join = 1;
};
/// Of [.., rows, cols] the largest number of each block; NaN where there is none.
Tensor<float> joined_peaks(const Tensor<float>& from, const JoinedPart& part);

}  // namespace saccade
