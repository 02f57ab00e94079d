#include "attention/position_resized.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr double sharpness = -0.75;  // a of Keys 1981, as most image libraries have it

/// Four neighbours on a side, and the share of each.
struct Neighbours {
    std::array<Index, 4> at{};
    std::array<double, 4> share{};
};

double cubic(double x) {
    constexpr double a = sharpness;
    x = std::abs(x);
    if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

std::vector<Neighbours> along(Index from, Index to) {
    std::vector<Neighbours> all(static_cast<std::size_t>(to));
    for (Index i = 0; i < to; ++i) {
        const double place = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
        const auto first = static_cast<Index>(std::floor(place)) - 1;
        Neighbours& of = all[static_cast<std::size_t>(i)];
        for (Index n = 0; n < 4; ++n) {
            const auto k = static_cast<std::size_t>(n);
            of.at[k] = std::clamp<Index>(first + n, 0, from - 1);
            of.share[k] = cubic(place - static_cast<double>(first + n));
        }
    }
    return all;
}

}  // namespace

Tensor<float> resized_positions(const Tensor<float>& table, Index special, PatchGrid from, PatchGrid to) {
    const Index d = table.shape()[1];
    if (table.shape()[0] != special + from.rows * from.columns)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{} positions are no {} x {} patches", table.shape()[0] - special, from.rows, from.columns));
    Tensor<float> resized = Tensor<float>::uninitialized({special + to.rows * to.columns, d});
    std::copy_n(table.data(), special * d, resized.data());
    const std::vector<Neighbours> down = along(from.rows, to.rows), across = along(from.columns, to.columns);
    std::vector<double> sum(static_cast<std::size_t>(d));
    float* out = resized.data() + special * d;
    for (const Neighbours& y : down)
        for (const Neighbours& x : across) {
            std::ranges::fill(sum, 0.0);
            for (std::size_t u = 0; u < 4; ++u)
                for (std::size_t v = 0; v < 4; ++v) {
                    const float* code = table.row(special + y.at[u] * from.columns + x.at[v]).data();
                    for (Index k = 0; k < d; ++k)
                        sum[static_cast<std::size_t>(k)] += y.share[u] * x.share[v] * static_cast<double>(code[k]);
                }
            out = std::ranges::transform(sum, out, [](double s) { return static_cast<float>(s); }).out;
        }
    return resized;
}

}  // namespace saccade
