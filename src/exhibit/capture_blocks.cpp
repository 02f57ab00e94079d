#include "exhibit/capture_blocks.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/parallel.hpp"

namespace saccade {

Tensor<float> joined_peaks(const Tensor<float>& from, const JoinedPart& part) {
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    const Index rows = from.shape()[-2], cols = from.shape()[-1], maps = from.size() / (rows * cols);
    const Index out_rows = (part.rows + part.row_join - 1) / part.row_join,
                out_cols = (part.cols + part.col_join - 1) / part.col_join;
    std::vector<Index> dims(from.shape().dims().begin(), from.shape().dims().end());
    dims[dims.size() - 2] = out_rows;
    dims.back() = out_cols;
    Tensor<float> out(Shape{std::span<const Index>(dims)}, none);
    parallel_for(maps * out_rows, [&](Index line) {
        float* to = out.data() + line * out_cols;
        const Index first = line % out_rows * part.row_join, last = std::min(first + part.row_join, part.rows);
        for (Index r = first; r < last; ++r) {
            const float* row = from.data() + (line / out_rows * rows + part.row + r) * cols + part.col;
            for (Index c = 0; c < part.cols; ++c) {
                float& cell = to[c / part.col_join];
                if (!(row[c] <= cell)) cell = row[c] == row[c] ? row[c] : cell;  // any number is more than NaN
            }
        }
    });
    return out;
}

}  // namespace saccade
