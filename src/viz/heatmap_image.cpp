#include "viz/heatmap_image.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

/// Mean of the finite values of a block, NaN if there are none.
float block_mean(const Tensor<float>& values, Index row0, Index row1, Index col0, Index col1) {
    const Index stride = values.shape()[1];
    double sum = 0;
    Index n = 0;
    for (Index r = row0; r < row1; ++r)
        for (Index c = col0; c < col1; ++c) {
            const float v = values.data()[r * stride + c];
            if (!std::isfinite(v)) continue;
            sum += v;
            ++n;
        }
    return n > 0 ? static_cast<float>(sum / static_cast<double>(n)) : std::numeric_limits<float>::quiet_NaN();
}

}  // namespace

HeatmapImage heatmap_image(const HeatmapItem& item, Index most) {
    constexpr std::size_t most_runs = 20000;
    const Index rows = item.values.shape()[0], cols = item.values.shape()[1];
    HeatmapImage image;
    image.rows = std::min(rows, most);
    image.cols = std::min(cols, most);
    image.pixels.resize(static_cast<std::size_t>(image.rows * image.cols), item.masked_ground);
    const double h = item.box.h / static_cast<double>(image.rows), w = item.box.w / static_cast<double>(image.cols);
    bool too_many = false;
    for (Index r = 0; r < image.rows; ++r) {
        Index run = 0;  // masked cells just before c
        const auto end_run = [&](Index c) {
            if (run > 0 && !too_many)
                image.masked.push_back({item.box.x + static_cast<double>(c - run) * w, item.box.y + static_cast<double>(r) * h,
                                        static_cast<double>(run) * w - item.gap, h - item.gap});
            too_many = image.masked.size() > most_runs;
            run = 0;
        };
        for (Index c = 0; c < image.cols; ++c) {
            const float v = image.rows == rows && image.cols == cols
                                ? item.values.data()[r * cols + c]
                                : block_mean(item.values, r * rows / image.rows, (r + 1) * rows / image.rows,
                                             c * cols / image.cols, (c + 1) * cols / image.cols);
            const double t = item.normalization(v);
            if (std::isnan(t)) {
                ++run;
            } else {
                end_run(c);
                image.pixels[static_cast<std::size_t>(r * image.cols + c)] = item.map->at(t);
            }
        }
        end_run(image.cols);
    }
    if (too_many) image.masked.clear();
    return image;
}

bool is_small(const HeatmapItem& item) {
    return item.values.size() <= 2500;
}

}  // namespace saccade
