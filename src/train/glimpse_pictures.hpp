#pragma once

#include "base/rng.hpp"
#include "train/image_set.hpp"

namespace saccade {

/// How pictures for glimpses are made of a set's (Mnih 2014, section 4.1): put somewhere on a larger black canvas, with pieces
/// of other pictures of the set strewn over it.
struct GlimpsePictures {
    Index height = 28, width = 28;  // of the canvas, px; at least as large as a picture
    Index shift = 0;                // on a canvas of a picture's own size: moved by up to this many px each way
    Index pieces = 0;               // of clutter
    Index piece_side = 8;           // px

    /// Picture `chosen` on its canvas [height, width], 0 to 1, in grey; where it lies, and the clutter, by `rng`.
    void put(const ImageSet& set, Index chosen, Rng& rng, float* canvas) const;
};

}  // namespace saccade
