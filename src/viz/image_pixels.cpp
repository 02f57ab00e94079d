#include "viz/image_pixels.hpp"

#include <algorithm>
#include <array>

#include "base/parallel.hpp"

namespace saccade {

namespace {

constexpr Index pixels_a_piece = 1 << 17;  // less is not worth waking a thread for

/// NaN gives 0. Without branches, so that compilers make vectors of it.
std::uint8_t byte_of(float v) {
    return static_cast<std::uint8_t>(std::min(std::max(0.0f, v), 1.0f) * 255 + 0.5f);
}

void copy_row(const float* from, Index cols, Index channels, Color* out) {
    const Index g = channels == 1 ? 0 : 1, b = channels == 1 ? 0 : 2;
    for (Index c = 0; c < cols; ++c, from += channels) out[c] = {byte_of(from[0]), byte_of(from[g]), byte_of(from[b]), 255};
}

/// One row of blocks.
void reduce_row(const Tensor<float>& from, Index block, Index row, Color* out) {
    const Index rows = from.shape()[0], cols = from.shape()[1], channels = from.shape()[2];
    if (block == 1) return copy_row(from.data() + row * cols * channels, cols, channels, out);
    const Index last = std::min(rows, (row + 1) * block);
    std::vector<float> sums(static_cast<std::size_t>(cols * channels), 0);
    for (Index y = row * block; y < last; ++y)
        for (Index i = 0; i < cols * channels; ++i) sums[static_cast<std::size_t>(i)] += from.data()[y * cols * channels + i];
    for (Index c = 0, x = 0; x < cols; ++c, x += block) {
        const Index right = std::min(cols, x + block);
        std::array<float, 3> sum{};
        for (const float* p = sums.data() + x * channels; p < sums.data() + right * channels; p += channels)
            for (std::size_t k = 0; k < 3; ++k) sum[k] += p[channels == 1 ? 0 : k];
        const float share = 1 / static_cast<float>((last - row * block) * (right - x));
        out[c] = {byte_of(sum[0] * share), byte_of(sum[1] * share), byte_of(sum[2] * share), 255};
    }
}

}  // namespace

Index image_block(const ImageItem& item, double width_px, double height_px) {
    Index block = 1;
    const auto still_fine = [&](Index wider) {
        const auto n = static_cast<double>(wider);
        return n * width_px <= static_cast<double>(item.pixels.shape()[1]) &&
               n * height_px <= static_cast<double>(item.pixels.shape()[0]);
    };
    while (width_px > 0 && height_px > 0 && still_fine(2 * block)) block *= 2;
    return block;
}

ImagePixels image_pixels(const ImageItem& item, Index block) {
    const Shape& shape = item.pixels.shape();
    if (shape.rank() != 3 || (shape[2] != 3 && shape[2] != 1))
        throw Error(ErrorCode::invalid_input, "a tensor " + shape.str() + " is not a picture",
                    "a picture is [rows, columns, 3] or [rows, columns, 1]");
    ImagePixels image;
    image.block = block;
    image.rows = (shape[0] + block - 1) / block;
    image.cols = (shape[1] + block - 1) / block;
    image.pixels.resize(static_cast<std::size_t>(image.rows * image.cols));
    const Index piece = std::max<Index>(1, pixels_a_piece / std::max<Index>(1, shape[1] * block));  // rows
    parallel_for((image.rows + piece - 1) / piece, [&](Index i) {
        for (Index r = i * piece; r < std::min(image.rows, (i + 1) * piece); ++r)
            reduce_row(item.pixels, block, r, image.pixels.data() + r * image.cols);
    });
    return image;
}

}  // namespace saccade
