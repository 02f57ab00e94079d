#include "analysis/head_order.hpp"

#include <algorithm>
#include <limits>

namespace saccade {

std::vector<Index> cluster_order(const Tensor<float>& apart) {
    const Index n = apart.shape()[0];
    std::vector<std::vector<Index>> clusters;
    for (Index i = 0; i < n; ++i) clusters.push_back({i});
    const auto between = [&](Index a, Index b) { return static_cast<double>(apart.data()[a * n + b]); };
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

}  // namespace saccade
