#include "image/image.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/parallel.hpp"

namespace saccade {

namespace {

/// What one new pixel takes from the old ones along an axis: weights of old pixels from `first` on, which sum to 1.
struct Taps {
    std::vector<Index> first;
    std::vector<std::vector<float>> weights;
};

Taps area_taps(Index from, Index to) {
    Taps taps;
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    for (Index i = 0; i < to; ++i) {
        const double begin = static_cast<double>(i) * scale, end = std::min(begin + scale, static_cast<double>(from));
        const auto first = static_cast<Index>(begin);
        std::vector<float> weights;
        for (Index j = first; static_cast<double>(j) < end && j < from; ++j) {
            const double covered = std::min(end, static_cast<double>(j + 1)) - std::max(begin, static_cast<double>(j));
            weights.push_back(static_cast<float>(covered / scale));
        }
        taps.first.push_back(first);
        taps.weights.push_back(std::move(weights));
    }
    return taps;
}

Taps bilinear_taps(Index from, Index to) {
    Taps taps;
    const double scale = static_cast<double>(from) / static_cast<double>(to);
    for (Index i = 0; i < to; ++i) {
        const double at = (static_cast<double>(i) + 0.5) * scale - 0.5;
        const double clamped = std::clamp(at, 0.0, static_cast<double>(from - 1));
        const auto first = std::min(static_cast<Index>(clamped), std::max<Index>(from - 2, 0));
        const auto share = static_cast<float>(clamped - static_cast<double>(first));
        taps.first.push_back(first);
        taps.weights.push_back(from > 1 ? std::vector<float>{1 - share, share} : std::vector<float>{1.0f});
    }
    return taps;
}

Taps make_taps(Index from, Index to) {
    return to <= from ? area_taps(from, to) : bilinear_taps(from, to);
}

/// One row of the result: the old rows summed into `sums` [width, 3] first, for that reads memory in order.
void resample_row(const Image& image, const Taps& across, Index first_row, const std::vector<float>& row_weights,
                  std::vector<float>& sums, std::uint8_t* out) {
    std::fill(sums.begin(), sums.end(), 0.0f);
    for (std::size_t j = 0; j < row_weights.size(); ++j) {
        const std::uint8_t* in = image.row(first_row + static_cast<Index>(j));
        const float weight = row_weights[j];
        for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += weight * static_cast<float>(in[k]);
    }
    for (std::size_t x = 0; x < across.first.size(); ++x) {
        float red = 0, green = 0, blue = 0;
        const float* in = sums.data() + across.first[x] * 3;
        for (const float weight : across.weights[x]) {
            red += weight * in[0];
            green += weight * in[1];
            blue += weight * in[2];
            in += 3;
        }
        for (const float value : {red, green, blue}) *out++ = static_cast<std::uint8_t>(std::clamp(value + 0.5f, 0.0f, 255.0f));
    }
}

Index rounded_side(double side, Index multiple) {
    const auto m = static_cast<double>(multiple);
    return std::max(multiple, static_cast<Index>(std::llround(side / m)) * multiple);
}

}  // namespace

Image resized(const Image& image, Index width, Index height) {
    if (width < 1 || height < 1 || image.empty()) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a picture of {} x {} pixels cannot become {} x {}", image.width, image.height, width, height),
                    "both sides must be at least 1");
    }
    if (width == image.width && height == image.height) return image;
    const Taps across = make_taps(image.width, width), down = make_taps(image.height, height);
    Image result(width, height);
    constexpr Index rows_at_once = 8;
    parallel_for((height + rows_at_once - 1) / rows_at_once, [&](Index block) {
        std::vector<float> sums(static_cast<std::size_t>(image.width * 3));
        for (Index y = block * rows_at_once; y < std::min(height, (block + 1) * rows_at_once); ++y) {
            const auto row = static_cast<std::size_t>(y);
            resample_row(image, across, down.first[row], down.weights[row], sums, result.row(y));
        }
    });
    return result;
}

ImageSize fitted_size(Index width, Index height, Index longest_side, Index multiple) {
    if (width < 1 || height < 1 || longest_side < 1 || multiple < 1) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("a picture of {} x {} cannot be fitted to {}", width, height, longest_side),
                    "all sides must be at least 1");
    }
    const double scale = static_cast<double>(longest_side) / static_cast<double>(std::max(width, height));
    return {rounded_side(static_cast<double>(width) * scale, multiple),
            rounded_side(static_cast<double>(height) * scale, multiple)};
}

Image fit(const Image& image, Index longest_side) {
    const ImageSize size = fitted_size(image.width, image.height, longest_side);
    return resized(image, size.width, size.height);
}

Tensor<float> to_tensor(const Image& image) {
    auto result = Tensor<float>::uninitialized({image.height, image.width, 3});
    std::transform(image.rgb.begin(), image.rgb.end(), result.data(),
                   [](std::uint8_t v) { return static_cast<float>(v) / 255.0f; });
    return result;
}

}  // namespace saccade
