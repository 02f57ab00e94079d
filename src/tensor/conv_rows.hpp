#pragma once

// Rows of a picture with zeros around them, for the loops of tensor/conv_kernel.hpp.

#include <algorithm>

#include "tensor/storage.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// A picture [rows, cols, channels] whose pixels lie `pixel` numbers apart.
template <class T>
struct PictureView {
    const T* data;
    Index rows, cols, channels, pixel;
};

/// A copy of the part of a picture from (first_row, first_col) on, which may lie outside: there are zeros.
template <class T>
class PaddedRows {
 public:
    /// Behind the last row there is room to read a whole vector.
    static constexpr Index slack = 64 / static_cast<Index>(sizeof(T));

    PaddedRows(const PictureView<T>& from, Index first_row, Index rows, Index first_col, Index cols)
        : row_stride_(cols * from.channels),
          data_(allocate_storage<T>(static_cast<std::size_t>(rows * cols * from.channels + slack))) {
        const Index left = std::clamp<Index>(-first_col, 0, cols);
        const Index right = std::clamp<Index>(from.cols - first_col, left, cols);  // columns [left, right) are in the picture
        T* to = data_.get();
        for (Index r = first_row; r < first_row + rows; ++r) {
            if (r < 0 || r >= from.rows || left == right) {
                to = std::fill_n(to, row_stride_, T(0));
                continue;
            }
            to = std::fill_n(to, left * from.channels, T(0));
            const T* pixel = from.data + (r * from.cols + first_col + left) * from.pixel;
            if (from.pixel == from.channels) {
                to = std::copy_n(pixel, (right - left) * from.channels, to);
            } else {
                for (Index c = left; c < right; ++c, pixel += from.pixel) to = std::copy_n(pixel, from.channels, to);
            }
            to = std::fill_n(to, (cols - right) * from.channels, T(0));
        }
        std::fill_n(to, slack, T(0));
    }

    const T* row(Index i) const { return data_.get() + i * row_stride_; }
    Index row_stride() const { return row_stride_; }

 private:
    Index row_stride_;
    std::shared_ptr<T[]> data_;
};

}  // namespace saccade
