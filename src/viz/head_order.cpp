#include "viz/head_order.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/parallel.hpp"
#include "tensor/eigen.hpp"
#include "viz/heatmap_grid.hpp"

namespace saccade {

namespace {

using Line = Eigen::Array<float, 1, Eigen::Dynamic>;
constexpr Index most_compared = 64;  // cells on a side

/// Mean over the rows with any weight of `value(row, i, sum)`, for each map.
template <class Value>
std::vector<double> mean_over_rows(const Tensor<float>& maps, const Value& value) {
    const Index heads = maps.shape()[0], rows = maps.shape()[1], cols = maps.shape()[2];
    std::vector<double> means(static_cast<std::size_t>(heads));
    parallel_for(heads, [&](Index h) {
        double total = 0;
        Index counted = 0;
        for (Index i = 0; i < rows; ++i) {
            const float* row = maps.data() + (h * rows + i) * cols;
            const Eigen::Map<const Line> v(row, cols);
            const auto sum = static_cast<double>((v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f).sum());
            if (sum <= 0) continue;
            total += value(row, i, sum);
            ++counted;
        }
        means[static_cast<std::size_t>(h)] = counted > 0 ? total / static_cast<double>(counted) : 0;
    });
    return means;
}

/// Pairwise distances of small maps, row-major.
std::vector<double> distances(const Tensor<float>& maps) {
    const auto n = static_cast<std::size_t>(maps.shape()[0]);
    const Index rows = maps.shape()[1], cells = rows * maps.shape()[2];
    std::vector<double> result(n * n);
    for (std::size_t a = 0; a < n; ++a)
        for (std::size_t b = a + 1; b < n; ++b) {
            double sum = 0;
            const float* x = maps.data() + static_cast<Index>(a) * cells;
            const float* y = maps.data() + static_cast<Index>(b) * cells;
            for (Index i = 0; i < cells; ++i) {
                const double p = std::isfinite(x[i]) ? static_cast<double>(x[i]) : 0,
                             q = std::isfinite(y[i]) ? static_cast<double>(y[i]) : 0;
                sum += std::abs(p - q);
            }
            result[a * n + b] = result[b * n + a] = sum / 2 / static_cast<double>(rows);
        }
    return result;
}

Tensor<float> reduced(const Tensor<float>& maps) {
    if (maps.shape()[1] <= most_compared && maps.shape()[2] <= most_compared) return maps;
    HeatmapGridItem item;
    item.values = maps;
    item.map_rows = maps.shape()[0];
    item.largest = false;
    GridBlock block;
    while (block.rows * most_compared < maps.shape()[1]) block.rows *= 2;
    while (block.cols * most_compared < maps.shape()[2]) block.cols *= 2;
    const GridAtlas atlas = grid_atlas(item, block);
    return atlas.values.reshape(Shape{maps.shape()[0], atlas.tall, atlas.wide});
}

}  // namespace

std::vector<double> head_entropies(const Tensor<float>& maps) {
    const Index cols = maps.shape()[2];
    return mean_over_rows(maps, [cols](const float* row, Index, double sum) {
        // sum w ln w of w = v / s is (sum v ln v) / s - ln s.
        const Eigen::Map<const Line> v(row, cols);
        const Line positive = (v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f);
        const float weighed = (positive * positive.max(std::numeric_limits<float>::min()).log()).sum();
        return std::log(sum) - static_cast<double>(weighed) / sum;
    });
}

std::vector<double> head_distances(const Tensor<float>& maps) {
    const Index cols = maps.shape()[2];
    return mean_over_rows(maps, [cols](const float* row, Index i, double sum) {
        const Eigen::Map<const Line> v(row, cols);
        const Line apart = (Line::LinSpaced(cols, 0, static_cast<float>(cols - 1)) - static_cast<float>(i)).abs();
        const float weighed = ((v > 0 && v <= std::numeric_limits<float>::max()).select(v, 0.0f) * apart).sum();
        return static_cast<double>(weighed) / sum;
    });
}

std::vector<Index> similarity_order(const Tensor<float>& maps) {
    const auto n = static_cast<std::size_t>(maps.shape()[0]);
    const std::vector<double> apart = distances(reduced(maps));
    std::vector<std::vector<Index>> clusters;
    for (std::size_t i = 0; i < n; ++i) clusters.push_back({static_cast<Index>(i)});
    const auto between = [&](Index a, Index b) { return apart[static_cast<std::size_t>(a) * n + static_cast<std::size_t>(b)]; };
    const auto linkage = [&](const std::vector<Index>& a, const std::vector<Index>& b) {
        double sum = 0;
        for (const Index x : a)
            for (const Index y : b) sum += between(x, y);
        return sum / static_cast<double>(a.size() * b.size());
    };
    while (clusters.size() > 1) {
        std::size_t first = 0, second = 1;
        double least = std::numeric_limits<double>::infinity();
        for (std::size_t a = 0; a < clusters.size(); ++a)
            for (std::size_t b = a + 1; b < clusters.size(); ++b)
                if (const double d = linkage(clusters[a], clusters[b]); d < least) {
                    least = d;
                    first = a;
                    second = b;
                }
        // Joined where their ends are most alike.
        std::vector<Index>&left = clusters[first], &right = clusters[second];
        double best = std::numeric_limits<double>::infinity();
        bool turn_left = false, turn_right = false;
        for (const bool l : {false, true})
            for (const bool r : {false, true}) {
                const double d = between(l ? left.front() : left.back(), r ? right.back() : right.front());
                if (d >= best) continue;
                best = d;
                turn_left = l;
                turn_right = r;
            }
        if (turn_left) std::reverse(left.begin(), left.end());
        if (turn_right) std::reverse(right.begin(), right.end());
        left.insert(left.end(), right.begin(), right.end());
        clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(second));
    }
    return clusters.empty() ? std::vector<Index>{} : clusters.front();
}

std::vector<Index> head_order(const Tensor<float>& maps, ViewOptions::Order order) {
    if (order == ViewOptions::Order::similarity) return similarity_order(maps);
    std::vector<Index> heads(static_cast<std::size_t>(maps.shape()[0]));
    std::iota(heads.begin(), heads.end(), Index{0});
    if (order == ViewOptions::Order::as_is) return heads;
    const std::vector<double> by = order == ViewOptions::Order::entropy ? head_entropies(maps) : head_distances(maps);
    std::stable_sort(heads.begin(), heads.end(),
                     [&by](Index a, Index b) { return by[static_cast<std::size_t>(a)] < by[static_cast<std::size_t>(b)]; });
    return heads;
}

}  // namespace saccade
