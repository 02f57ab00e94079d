#include "gl/reduced_texels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/parallel.hpp"
#include "tensor/finite.hpp"

namespace saccade {

namespace {

constexpr float nothing = std::numeric_limits<float>::quiet_NaN();
constexpr Index rows_at_once = 32;

/// First and last texel under a pixel.
struct Under {
    Index from, to;
    Index count() const { return to - from + 1; }
};

/// Of each pixel along one axis. `texel`: its size in px.
std::vector<Under> under_pixels(Index first_pixel, Index pixels, double box_start, double texel, Index texels) {
    std::vector<Under> all;
    all.reserve(static_cast<std::size_t>(pixels));
    const double reach = texel < 0.999 ? std::max(0.0, 0.5 / texel - 0.5) : 0;
    for (Index p = first_pixel; p < first_pixel + pixels; ++p) {
        const double at = (static_cast<double>(p) + 0.5 - box_start) / texel;
        const Index from = std::clamp<Index>(static_cast<Index>(std::floor(at - reach)), 0, texels - 1);
        all.push_back(
            {from, std::clamp<Index>(static_cast<Index>(std::floor(at + reach)), from, std::min(from + 2, texels - 1))});
    }
    return all;
}

float mean_of_finite(const Tensor<float>& texels, Under rows, Under columns) {
    float sum = 0, n = 0;
    for (Index r = rows.from; r <= rows.to; ++r)
        for (Index c = columns.from; c <= columns.to; ++c) {
            const float v = texels.data()[r * texels.shape()[1] + c];
            if (!std::isfinite(v)) continue;
            sum += v;
            n += 1;
        }
    return n > 0 ? sum / n : nothing;
}

/// Where all are finite: the rows are added first, which is fast.
void mean_row(const Tensor<float>& texels, Under rows, const std::vector<Under>& columns, std::vector<float>& sums,
              float* out) {
    const Index width = texels.shape()[1];
    const float* row = texels.data() + rows.from * width;
    std::copy_n(row, width, sums.data());
    for (Index r = 1; r < rows.count(); ++r)
        for (Index c = 0; c < width; ++c) sums[static_cast<std::size_t>(c)] += row[r * width + c];
    for (const Under& under : columns) {
        float sum = 0;
        for (Index c = under.from; c <= under.to; ++c) sum += sums[static_cast<std::size_t>(c)];
        *out++ = sum / static_cast<float>(rows.count() * under.count());
    }
}

}  // namespace

Tensor<float> averaged(const Tensor<float>& values, Index row_block, Index column_block) {
    const Index rows = values.shape()[0], columns = values.shape()[1];
    const Index out_rows = (rows + row_block - 1) / row_block, out_columns = (columns + column_block - 1) / column_block;
    Tensor<float> out = Tensor<float>::uninitialized(Shape{out_rows, out_columns});
    std::vector<double> sums(static_cast<std::size_t>(out_columns));
    std::vector<Index> counts(sums.size());
    for (Index r = 0; r < out_rows; ++r) {
        std::fill(sums.begin(), sums.end(), 0.0);
        std::fill(counts.begin(), counts.end(), 0);
        for (Index y = r * row_block; y < std::min(rows, (r + 1) * row_block); ++y) {
            const float* row = values.data() + y * columns;
            for (Index c = 0; c < columns; ++c) {
                if (!std::isfinite(row[c])) continue;
                sums[static_cast<std::size_t>(c / column_block)] += static_cast<double>(row[c]);
                ++counts[static_cast<std::size_t>(c / column_block)];
            }
        }
        for (std::size_t c = 0; c < sums.size(); ++c)
            out.data()[r * out_columns + static_cast<Index>(c)] =
                counts[c] > 0 ? static_cast<float>(sums[c] / static_cast<double>(counts[c])) : nothing;
    }
    return out;
}

PixelGrid PixelGrid::of(const Box& box) {
    const auto first = [](double edge) { return static_cast<Index>(std::ceil(edge - 0.5)); };
    const Index left = first(box.x), top = first(box.y);
    return {left, top, first(box.x + box.w) - left, first(box.y + box.h) - top};
}

Tensor<float> means_under_pixels(const Tensor<float>& texels, Point corner, double texel_width, double texel_height,
                                 const PixelGrid& pixels) {
    const Index height = texels.shape()[0], width = texels.shape()[1];
    const std::vector<Under> columns = under_pixels(pixels.left, pixels.columns, corner.x, texel_width, width);
    const std::vector<Under> rows = under_pixels(pixels.top, pixels.rows, corner.y, texel_height, height);
    Tensor<float> out = Tensor<float>::uninitialized(Shape{pixels.rows, pixels.columns});
    const bool finite = all_finite(texels);
    parallel_for((pixels.rows + rows_at_once - 1) / rows_at_once, [&](Index part) {
        std::vector<float> sums(static_cast<std::size_t>(width));
        for (Index y = part * rows_at_once; y < std::min(pixels.rows, (part + 1) * rows_at_once); ++y) {
            const Under under = rows[static_cast<std::size_t>(y)];
            float* line = out.data() + y * pixels.columns;
            if (finite) {
                mean_row(texels, under, columns, sums, line);
                continue;
            }
            for (const Under& column : columns) *line++ = mean_of_finite(texels, under, column);
        }
    });
    return out;
}

}  // namespace saccade
