#include "tensor/largest.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace saccade {

Ids places_of_largest(std::span<const float> values, Index count) {
    Ids order(values.size());
    std::iota(order.begin(), order.end(), Index{0});
    const auto shown = std::clamp<std::ptrdiff_t>(count, 0, std::ssize(order));
    // A comparison with NaN is always false, which is no order: such a place comes last.
    const auto before = [&](Index a, Index b) {
        const float x = values[static_cast<std::size_t>(a)], y = values[static_cast<std::size_t>(b)];
        if (std::isnan(x) != std::isnan(y)) return std::isnan(y);
        return x > y || (!(x < y) && a < b);
    };
    std::partial_sort(order.begin(), order.begin() + shown, order.end(), before);
    order.resize(static_cast<std::size_t>(shown));
    return order;
}

}  // namespace saccade
