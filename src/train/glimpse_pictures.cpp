#include "train/glimpse_pictures.hpp"

#include <algorithm>

namespace saccade {

namespace {

/// The part of a picture, `side` px from (from_x, from_y), drawn over the canvas at (x, y); the lighter of the two stays.
struct Pasted {
    Index from_y, from_x, rows, columns, y, x;
};

void paste(const ImageSet& set, Index picture, const Pasted& at, Index height, Index width, float* canvas) {
    const std::uint8_t* const pixels = set.picture(picture);
    for (Index v = 0; v < at.rows; ++v)
        for (Index u = 0; u < at.columns; ++u) {
            const Index y = at.y + v, x = at.x + u;
            if (y < 0 || x < 0 || y >= height || x >= width) continue;
            const float grey = static_cast<float>(pixels[3 * ((at.from_y + v) * set.width + at.from_x + u)]) / 255;
            float& there = canvas[y * width + x];
            there = std::max(there, grey);
        }
}

Index anywhere(Rng& rng, Index most) {
    return static_cast<Index>(rng.below(static_cast<std::uint64_t>(most + 1)));
}

}  // namespace

void GlimpsePictures::put(const ImageSet& set, Index chosen, Rng& rng, float* canvas) const {
    std::fill_n(canvas, height * width, 0.0f);
    const auto moved = [&](Index room) { return room > 0 ? anywhere(rng, room) : anywhere(rng, 2 * shift) - shift; };
    const Index y = moved(height - set.height), x = moved(width - set.width);
    paste(set, chosen, {0, 0, set.height, set.width, y, x}, height, width, canvas);
    for (Index piece = 0; piece < pieces; ++piece) {
        const Index other = anywhere(rng, set.size() - 1), side = std::min({piece_side, set.height, set.width});
        const Index from_y = anywhere(rng, set.height - side), from_x = anywhere(rng, set.width - side);
        const Index to_y = anywhere(rng, height - side), to_x = anywhere(rng, width - side);
        paste(set, other, {from_y, from_x, side, side, to_y, to_x}, height, width, canvas);
    }
}

}  // namespace saccade
