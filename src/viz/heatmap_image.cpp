#include "viz/heatmap_image.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

constexpr float masked = std::numeric_limits<float>::quiet_NaN();

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
    return n > 0 ? static_cast<float>(sum / static_cast<double>(n)) : masked;
}

/// Bilinear between the centres of finite cells; NaN where the cell at that point has no value. x and y in cells.
double smooth_value(const Tensor<float>& values, double x, double y) {
    const Index rows = values.shape()[0], cols = values.shape()[1];
    const auto cell = [&](Index r, Index c) {
        return values.data()[std::clamp<Index>(r, 0, rows - 1) * cols + std::clamp<Index>(c, 0, cols - 1)];
    };
    if (!std::isfinite(cell(static_cast<Index>(std::floor(y)), static_cast<Index>(std::floor(x))))) return masked;
    const double left = std::floor(x - 0.5), top = std::floor(y - 0.5);
    double sum = 0, weight = 0;
    for (int i = 0; i < 4; ++i) {
        const double c = left + i % 2, r = top + static_cast<double>(i / 2);
        const double w = (1 - std::abs(x - 0.5 - c)) * (1 - std::abs(y - 0.5 - r));
        const float v = cell(static_cast<Index>(r), static_cast<Index>(c));
        if (!std::isfinite(v)) continue;
        sum += w * static_cast<double>(v);
        weight += w;
    }
    return sum / weight;
}

/// The value of one pixel of an image.
float value_of(const HeatmapItem& item, const HeatmapImage& image, Index r, Index c) {
    const Index rows = item.values.shape()[0], cols = item.values.shape()[1];
    if (image.rows == rows && image.cols == cols) return item.values.data()[r * cols + c];
    return block_mean(item.values, r * rows / image.rows, (r + 1) * rows / image.rows, c * cols / image.cols,
                      (c + 1) * cols / image.cols);
}

/// Pixels between cells, many to each.
void paint_smooth(const HeatmapItem& item, HeatmapImage& image) {
    const double across = static_cast<double>(item.values.shape()[1]) / static_cast<double>(image.cols);
    const double down = static_cast<double>(item.values.shape()[0]) / static_cast<double>(image.rows);
    for (Index r = 0; r < image.rows; ++r)
        for (Index c = 0; c < image.cols; ++c)
            image.pixels[static_cast<std::size_t>(r * image.cols + c)] = heatmap_color(
                item,
                smooth_value(item.values, (static_cast<double>(c) + 0.5) * across, (static_cast<double>(r) + 0.5) * down));
}

/// Runs of masked cells, for an image of one pixel a cell or of fewer.
void find_masked(const HeatmapItem& item, HeatmapImage& image, const HeatmapImage& cells) {
    constexpr std::size_t most_runs = 20000;
    const double h = item.box.h / static_cast<double>(cells.rows), w = item.box.w / static_cast<double>(cells.cols);
    for (Index r = 0; r < cells.rows; ++r) {
        Index run = 0;  // masked cells just before c
        const auto end_run = [&](Index c) {
            if (run > 0)
                image.masked.push_back({item.box.x + static_cast<double>(c - run) * w, item.box.y + static_cast<double>(r) * h,
                                        static_cast<double>(run) * w - item.gap, h - item.gap});
            run = 0;
        };
        for (Index c = 0; c < cells.cols; ++c) {
            if (std::isfinite(value_of(item, cells, r, c)))
                end_run(c);
            else
                ++run;
        }
        end_run(cells.cols);
        if (image.masked.size() <= most_runs) continue;
        image.masked.clear();
        return;
    }
}

}  // namespace

Color heatmap_color(const HeatmapItem& item, double value) {
    const double t = item.normalization(value);
    Color color = item.masked_ground;
    double opacity = std::clamp(item.opacity, 0.0, 1.0);
    if (!std::isnan(t)) {
        const double share = item.map->diverging ? std::abs(2 * t - 1) : t;
        if (share < item.threshold) return {0, 0, 0, 0};
        color = item.map->at(t);
        if (item.fades) opacity *= std::sqrt(std::clamp(share, 0.0, 1.0));
    }
    color.a = static_cast<std::uint8_t>(std::lround(color.a * opacity));
    return color;
}

HeatmapImage heatmap_image(const HeatmapItem& item, Index most, double scale) {
    const Index rows = item.values.shape()[0], cols = item.values.shape()[1];
    HeatmapImage image, cells;
    image.rows = cells.rows = std::min(rows, most);
    image.cols = cells.cols = std::min(cols, most);
    const auto wanted = [&](double px) { return std::clamp<Index>(std::lround(px * scale), 1, most); };
    const bool smooth = item.smooth && wanted(item.box.h) >= rows && wanted(item.box.w) >= cols;
    if (smooth) {
        image.rows = wanted(item.box.h);
        image.cols = wanted(item.box.w);
    }
    image.pixels.resize(static_cast<std::size_t>(image.rows * image.cols));
    if (smooth)
        paint_smooth(item, image);
    else
        for (Index r = 0; r < image.rows; ++r)
            for (Index c = 0; c < image.cols; ++c)
                image.pixels[static_cast<std::size_t>(r * image.cols + c)] = heatmap_color(item, value_of(item, image, r, c));
    find_masked(item, image, cells);
    return image;
}

bool is_small(const HeatmapItem& item) {
    return item.values.size() <= 2500 && !item.smooth;
}

}  // namespace saccade
