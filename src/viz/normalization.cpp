#include "viz/normalization.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace saccade {

namespace {

constexpr double rounding = 1e-4;  // of the range: what a sum of weights may be off

double bend(double t, Normalization::Scale scale) {
    switch (scale) {
        case Normalization::Scale::sqrt:
            return std::sqrt(t);
        case Normalization::Scale::log:
            return t <= 0 ? 0 : std::max(0.0, 1 + std::log10(t) / log_decades);
        case Normalization::Scale::linear:
        case Normalization::Scale::per_row:
        case Normalization::Scale::largest:
        case Normalization::Scale::percentile:
            break;
    }
    return t;
}

}  // namespace

double Normalization::operator()(double value) const {
    if (!std::isfinite(value)) return std::numeric_limits<double>::quiet_NaN();
    if (!(high > low)) return 0;
    if (low < 0 && high == -low) {
        const double t = std::clamp(value / high, -1.0, 1.0);
        return 0.5 + 0.5 * std::copysign(bend(std::abs(t), scale), t);
    }
    return bend(std::clamp((value - low) / (high - low), 0.0, 1.0), scale);
}

bool Normalization::above(double value) const {
    return std::isfinite(value) && high > low && value > high + rounding * (high - low);
}

bool Normalization::below(double value) const {
    return std::isfinite(value) && high > low && value < low - rounding * (high - low);
}

Extremes extremes_of(const Tensor<float>& values) {
    // A hundred heads of 512 tokens are 38 million values, looked at for every picture: lanes that do not wait for each other.
    constexpr Index lanes = 32, piece = Index{1} << 16;
    constexpr float infinity = std::numeric_limits<float>::infinity(), largest = std::numeric_limits<float>::max();
    const Index pieces = (values.size() + piece - 1) / piece;
    std::vector<Extremes> found(static_cast<std::size_t>(pieces), {infinity, -infinity});
    parallel_for(pieces, [&](Index p) {
        const float* v = values.data() + p * piece;
        const Index n = std::min(piece, values.size() - p * piece);
        std::array<float, lanes> low, high;
        low.fill(infinity);
        high.fill(-infinity);
        const auto take = [&](float x, std::size_t lane) {
            const bool finite = std::abs(x) <= largest;
            low[lane] = finite && x < low[lane] ? x : low[lane];
            high[lane] = finite && x > high[lane] ? x : high[lane];
        };
        Index i = 0;
        for (; i + lanes <= n; i += lanes)
            for (std::size_t lane = 0; lane < lanes; ++lane) take(v[i + static_cast<Index>(lane)], lane);
        for (; i < n; ++i) take(v[i], 0);
        found[static_cast<std::size_t>(p)] = {*std::ranges::min_element(low), *std::ranges::max_element(high)};
    });
    Extremes all{infinity, -infinity};
    for (const Extremes& e : found) all = {std::min(all.low, e.low), std::max(all.high, e.high)};
    return all;
}

Beyond beyond(const Tensor<float>& values, const Normalization& limits) {
    return beyond(values, limits, extremes_of(values));
}

Beyond beyond(const Tensor<float>& values, const Normalization& limits, const Extremes& extremes) {
    Beyond found;
    if (!limits.above(static_cast<double>(extremes.high)) && !limits.below(static_cast<double>(extremes.low))) return found;
    for (const float v : values.values()) {
        const auto value = static_cast<double>(v);
        if (limits.above(value)) {
            ++found.above;
            found.highest = std::max(found.highest, value);
        } else if (limits.below(value)) {
            ++found.below;
            found.lowest = std::min(found.lowest, value);
        }
    }
    return found;
}

std::string Normalization::label() const {
    switch (scale) {
        case Scale::sqrt:
            return "scale √";
        case Scale::log:
            return "scale log, 4 decades";
        case Scale::per_row:
            return "scale per row";
        case Scale::largest:
            return "scale to the largest";
        case Scale::percentile:
            return fmt::format("scale to percentile {:g} of what is not 0, larger values saturate", percentile);
        case Scale::linear:
            break;
    }
    return {};
}

std::string to_string(Normalization::Scale scale) {
    switch (scale) {
        case Normalization::Scale::linear:
            return "linear";
        case Normalization::Scale::sqrt:
            return "sqrt";
        case Normalization::Scale::log:
            return "log";
        case Normalization::Scale::largest:
            return "largest";
        case Normalization::Scale::percentile:
            return "percentile";
        case Normalization::Scale::per_row:
            break;
    }
    return "per_row";
}

Normalization::Scale scale_from(const std::string& text) {
    using Scale = Normalization::Scale;
    for (const Scale scale : {Scale::linear, Scale::sqrt, Scale::log, Scale::per_row, Scale::largest, Scale::percentile})
        if (to_string(scale) == text) return scale;
    throw Error(ErrorCode::usage, "there is no scale \"" + text + "\"",
                "choose one of linear, sqrt, log, per_row, largest, percentile");
}

namespace {

/// Counts of the values whose magnitude is finite and not 0 by 16 bits of it: the bits of a positive float are in its order.
/// `high` < 0: by the upper ones; else by the lower ones, of those whose upper ones are `high`.
std::vector<Index> counted_by_bits(const Tensor<float>& values, int high) {
    constexpr Index piece = Index{1} << 20;
    constexpr std::uint32_t infinite = 0x7f800000;
    const Index pieces = (values.size() + piece - 1) / piece;
    std::vector<std::vector<std::uint32_t>> counts(static_cast<std::size_t>(pieces));
    parallel_for(pieces, [&](Index p) {
        std::vector<std::uint32_t>& own = counts[static_cast<std::size_t>(p)];
        own.assign(1 << 16, 0);
        const float* v = values.data() + p * piece;
        for (Index i = 0; i < std::min(piece, values.size() - p * piece); ++i) {
            const std::uint32_t bits = std::bit_cast<std::uint32_t>(v[i]) & 0x7fffffff;
            if (bits == 0 || bits >= infinite) continue;
            if (high < 0)
                ++own[bits >> 16];
            else if (static_cast<int>(bits >> 16) == high)
                ++own[bits & 0xffff];
        }
    });
    std::vector<Index> all(1 << 16, 0);
    for (const std::vector<std::uint32_t>& own : counts)
        for (std::size_t i = 0; i < own.size(); ++i) all[i] += own[i];
    return all;
}

/// The bin that holds the value of that rank (from 0), which becomes its rank within the bin.
int bin_of_rank(const std::vector<Index>& counts, Index& rank) {
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (rank < counts[i]) return static_cast<int>(i);
        rank -= counts[i];
    }
    return -1;
}

}  // namespace

double percentile_of(const Tensor<float>& values, double percentile) {
    const std::vector<Index> upper = counted_by_bits(values, -1);
    const Index n = std::accumulate(upper.begin(), upper.end(), Index{0});
    if (n == 0) return 0;
    const auto wanted = static_cast<Index>(std::ceil(percentile * static_cast<double>(n) / 100));
    Index rank = std::clamp<Index>(wanted, 1, n) - 1;
    const int high = bin_of_rank(upper, rank);
    const int low = bin_of_rank(counted_by_bits(values, high), rank);
    const auto bits = static_cast<std::uint32_t>(high) << 16 | static_cast<std::uint32_t>(low);
    return static_cast<double>(std::bit_cast<float>(bits));
}

Normalization normalization_for(const Tensor<float>& values, bool unit_interval, bool is_signed, const AskedScale& asked) {
    using Scale = Normalization::Scale;
    Normalization n;
    n.scale = asked.scale;
    n.percentile = asked.percentile;
    if (asked.limits && n.scale != Scale::per_row) {
        n.low = (*asked.limits)[0];
        n.high = (*asked.limits)[1];
        return n;
    }
    if (unit_interval && n.scale != Scale::largest && n.scale != Scale::percentile) return n;
    const Extremes extremes = extremes_of(values);
    const auto low = static_cast<double>(extremes.low), high = static_cast<double>(extremes.high);
    if (low > high) return n;  // nothing finite
    const double most =
        n.scale == Scale::percentile ? percentile_of(values, n.percentile) : std::max(std::abs(low), std::abs(high));
    if (is_signed) {
        n.high = most > 0 ? most : 1;
        n.low = -n.high;
        return n;
    }
    // Magnitudes are read against zero.
    n.low = std::min(low, 0.0);
    n.high = n.scale == Scale::percentile ? std::min(high, most) : high;
    if (!(n.high > n.low)) n.high = n.low + 1;
    return n;
}

}  // namespace saccade
