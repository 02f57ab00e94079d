#include "viz/normalization.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/error.hpp"
#include "base/parallel.hpp"

namespace saccade {

namespace {

constexpr double rounding = 1e-4;  // of the range: what a sum of weights may be off
constexpr double log_decades = 4;  // what a log scale shows below its top

double bend(double t, Normalization::Scale scale) {
    switch (scale) {
        case Normalization::Scale::sqrt:
            return std::sqrt(t);
        case Normalization::Scale::log:
            return t <= 0 ? 0 : std::max(0.0, 1 + std::log10(t) / log_decades);
        case Normalization::Scale::linear:
        case Normalization::Scale::per_row:
        case Normalization::Scale::largest:
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
        case Normalization::Scale::per_row:
            break;
    }
    return "per_row";
}

Normalization::Scale scale_from(const std::string& text) {
    using Scale = Normalization::Scale;
    for (const Scale scale : {Scale::linear, Scale::sqrt, Scale::log, Scale::per_row, Scale::largest})
        if (to_string(scale) == text) return scale;
    throw Error(ErrorCode::usage, "there is no scale \"" + text + "\"", "choose one of linear, sqrt, log, per_row, largest");
}

Normalization normalization_for(const Tensor<float>& values, bool unit_interval, bool is_signed, Normalization::Scale scale) {
    Normalization n;
    n.scale = scale;
    if (unit_interval && scale != Normalization::Scale::largest) return n;
    const Extremes extremes = extremes_of(values);
    const auto low = static_cast<double>(extremes.low), high = static_cast<double>(extremes.high);
    if (low > high) return n;  // nothing finite
    if (is_signed) {
        n.high = std::max(std::abs(low), std::abs(high));
        if (n.high == 0) n.high = 1;
        n.low = -n.high;
        return n;
    }
    n.low = std::min(low, 0.0);  // magnitudes are read against zero
    n.high = high > n.low ? high : n.low + 1;
    return n;
}

}  // namespace saccade
