#include "tensor/joined_peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.hpp"

namespace saccade {

namespace {

constexpr float least = -std::numeric_limits<float>::infinity();

/// NaN is not more than anything.
float larger(float most, float value) {
    return value > most ? value : most;
}

/// A block of which no number is more than -inf: does it hold one?
bool holds_number(const float* from, Index rows, Index cols, Index stride) {
    for (Index r = 0; r < rows; ++r)
        if (std::any_of(from + r * stride, from + r * stride + cols, [](float v) { return !std::isnan(v); })) return true;
    return false;
}

}  // namespace

Tensor<float> joined_peaks(const Tensor<float>& from, const JoinedPart& part) {
    const Index rows = from.shape()[-2], cols = from.shape()[-1], maps = from.size() / (rows * cols);
    const Index out_rows = (part.rows + part.row_join - 1) / part.row_join,
                out_cols = (part.cols + part.col_join - 1) / part.col_join;
    std::vector<Index> dims(from.shape().dims().begin(), from.shape().dims().end());
    dims[dims.size() - 2] = out_rows;
    dims.back() = out_cols;
    Tensor<float> out = Tensor<float>::uninitialized(Shape{std::span<const Index>(dims)});
    parallel_for(maps * out_rows, [&](Index line) {
        const Index first = line % out_rows * part.row_join, joined = std::min(part.row_join, part.rows - first);
        const float* block = from.data() + (line / out_rows * rows + part.row + first) * cols + part.col;
        // Down first: many columns at once.
        std::vector<float> down(static_cast<std::size_t>(part.cols), least);
        float* column = down.data();
        for (Index r = 0; r < joined; ++r)
            for (Index c = 0; c < part.cols; ++c) column[c] = larger(column[c], block[r * cols + c]);
        for (Index c = 0; c < out_cols; ++c) {
            const Index begin = c * part.col_join, end = std::min(part.cols, begin + part.col_join);
            float most = least;
            for (Index i = begin; i < end; ++i) most = larger(most, column[i]);
            const bool number = most > least || holds_number(block + begin, joined, end - begin, cols);
            out.data()[line * out_cols + c] = number ? most : std::numeric_limits<float>::quiet_NaN();
        }
    });
    return out;
}

}  // namespace saccade
