#include "image/resample.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/parallel.hpp"

namespace saccade {

namespace {

double sinc(double x) {
    return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

/// How far a filter reaches, in pixels of the smaller of both pictures.
double reach(Resampling how) {
    switch (how) {
        case Resampling::nearest:
        case Resampling::box:
            return 0.5;
        case Resampling::bilinear:
        case Resampling::hamming:
            return 1;
        case Resampling::bicubic:
            return 2;
        case Resampling::lanczos:
            return 3;
    }
    return 1;
}

double filter(Resampling how, double at) {
    const double x = std::abs(at);
    switch (how) {
        case Resampling::nearest:
        case Resampling::box:
            return at > -0.5 && at <= 0.5 ? 1 : 0;
        case Resampling::bilinear:
            return x < 1 ? 1 - x : 0;
        case Resampling::hamming:
            return x < 1 ? sinc(x) * (0.54 + 0.46 * std::cos(std::numbers::pi * x)) : 0;
        case Resampling::bicubic: {
            constexpr double a = -0.5;
            if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
        }
        case Resampling::lanczos:
            return x < 3 ? sinc(x) * sinc(x / 3) : 0;
    }
    return 0;
}

/// Pillow's weights are whole numbers of this unit, so that its sums of 8-bit pixels are exact.
constexpr int unit_bits = 22;

/// What one new pixel takes of the old ones along an axis: weights of those from `first` on.
struct Taps {
    Index first = 0;
    std::vector<std::int64_t> weights;
};

std::vector<Taps> taps_of(Index from, Index to, Resampling how) {
    std::vector<Taps> all;
    const double scale = static_cast<double>(from) / static_cast<double>(to), wide = std::max(scale, 1.0);
    double nearest = 0.5 * scale;  // step by step, as there: where two pixels are as near, rounding decides
    for (Index i = 0; i < to; ++i, nearest += scale) {
        const double center = (static_cast<double>(i) + 0.5) * scale;
        if (how == Resampling::nearest) {
            all.push_back({std::min(static_cast<Index>(nearest), from - 1), {std::int64_t{1} << unit_bits}});
            continue;
        }
        const auto edge = [&](double at) { return std::clamp<Index>(static_cast<Index>(std::max(0.0, at)), 0, from); };
        Taps taps{edge(center - reach(how) * wide + 0.5), {}};
        const Index end = edge(center + reach(how) * wide + 0.5);
        std::vector<double> exact;
        double sum = 0;
        for (Index j = taps.first; j < end; ++j) {
            exact.push_back(filter(how, (static_cast<double>(j) - center + 0.5) * (1 / wide)));
            sum += exact.back();
        }
        for (const double w : exact) taps.weights.push_back(std::llround(w / sum * (1 << unit_bits)));
        all.push_back(std::move(taps));
    }
    return all;
}

std::uint8_t rounded(std::int64_t sum) {
    return static_cast<std::uint8_t>(
        std::clamp<std::int64_t>((sum + (std::int64_t{1} << (unit_bits - 1))) >> unit_bits, 0, 255));
}

Image across(const Image& image, Index width, Resampling how) {
    const std::vector<Taps> taps = taps_of(image.width, width, how);
    Image result(width, image.height);
    parallel_for(image.height, [&](Index y) {
        std::uint8_t* out = result.row(y);
        for (const Taps& t : taps) {
            const std::uint8_t* in = image.row(y) + t.first * 3;
            std::int64_t sums[3] = {};
            for (const std::int64_t w : t.weights)
                for (std::int64_t& sum : sums) sum += w * *in++;
            for (const std::int64_t sum : sums) *out++ = rounded(sum);
        }
    });
    return result;
}

Image down(const Image& image, Index height, Resampling how) {
    const std::vector<Taps> taps = taps_of(image.height, height, how);
    Image result(image.width, height);
    parallel_for(height, [&](Index y) {
        const Taps& t = taps[static_cast<std::size_t>(y)];
        std::vector<std::int64_t> sums(static_cast<std::size_t>(image.width * 3));
        for (std::size_t j = 0; j < t.weights.size(); ++j) {
            const std::uint8_t* in = image.row(t.first + static_cast<Index>(j));
            for (std::int64_t& sum : sums) sum += t.weights[j] * *in++;
        }
        std::transform(sums.begin(), sums.end(), result.row(y), rounded);
    });
    return result;
}

}  // namespace

std::string to_string(Resampling how) {
    constexpr const char* names[] = {"nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"};
    return names[static_cast<std::size_t>(how)];
}

Image resampled(const Image& image, Index width, Index height, Resampling how) {
    if (width < 1 || height < 1 || image.empty())
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a picture of {} x {} pixels cannot become {} x {}", image.width, image.height, width, height),
                    "both sides must be at least 1");
    const Image wide = width == image.width ? image : across(image, width, how);
    return height == wide.height ? wide : down(wide, height, how);
}

Image cut(const Image& image, Index x, Index y, Index width, Index height) {
    if (x < 0 || y < 0 || width < 1 || height < 1 || x + width > image.width || y + height > image.height)
        throw Error(ErrorCode::invalid_input, fmt::format("{} x {} pixels at {}, {} are no part of a picture of {} x {}", width,
                                                          height, x, y, image.width, image.height));
    Image part(width, height);
    for (Index row = 0; row < height; ++row) std::copy_n(image.row(y + row) + x * 3, width * 3, part.row(row));
    return part;
}

}  // namespace saccade
