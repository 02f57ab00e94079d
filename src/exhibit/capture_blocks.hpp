#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

/// Peaks of a whole tensor in blocks, [.., query, key], kept between runs so that zooming does not read a file again.
struct CaptureBlocks {
    std::string of;  // file, tensor and all that was chosen of it
    Tensor<float> values;

    std::size_t bytes() const { return static_cast<std::size_t>(values.size()) * sizeof(float); }
};

/// Rows from `row` on, `rows` of them, `row_join` of which become one; and so the columns.
struct JoinedPart {
    Index row = 0, rows = 0, row_join = 1, col = 0, cols = 0, col_join = 1;
};
/// Of [.., rows, cols] the largest value of each block, as ArrayFile::read has it: without finite values -inf if there is one,
/// else NaN.
Tensor<float> joined_peaks(const Tensor<float>& from, const JoinedPart& part);

}  // namespace saccade
