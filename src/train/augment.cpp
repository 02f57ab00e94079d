#include "train/augment.hpp"

#include <algorithm>

namespace saccade {

namespace {

/// A place for a window: anywhere within the picture and its border.
Index draw_offset(Index extent, Index size, Index padding, Rng& rng) {
    const Index spare = extent - size;
    const Index border = std::max<Index>(0, padding - std::max<Index>(0, spare) / 2);
    const Index first = std::min<Index>(0, spare) - border, last = std::max<Index>(0, spare) + border;
    return first + static_cast<Index>(rng.below(static_cast<std::uint64_t>(last - first + 1)));
}

}  // namespace

void scale_colours(const std::uint8_t* pixels, Index count, const ColourScale& colour, float* out) {
    for (Index i = 0; i < count; ++i)
        for (std::size_t c = 0; c < 3; ++c, ++pixels)
            *out++ = (static_cast<float>(*pixels) / 255.0f - colour.mean[c]) / colour.deviation[c];
}

void augment(const std::uint8_t* picture, Index height, Index width, const Augmentation& a, const ColourScale& colour, Rng& rng,
             float* out) {
    const Index top = draw_offset(height, a.size, a.padding, rng), left = draw_offset(width, a.size, a.padding, rng);
    const bool mirrored = rng.below(2) == 1 && a.mirror;
    std::fill_n(out, a.size * a.size * 3, 0.0f);
    for (Index y = 0; y < a.size; ++y) {
        if (top + y < 0 || top + y >= height) continue;
        for (Index x = 0; x < a.size; ++x) {
            const Index from = left + (mirrored ? a.size - 1 - x : x);
            if (from < 0 || from >= width) continue;
            scale_colours(picture + ((top + y) * width + from) * 3, 1, colour, out + (y * a.size + x) * 3);
        }
    }
}

}  // namespace saccade
