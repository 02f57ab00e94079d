#pragma once

#include <array>
#include <cstdint>

#include "base/rng.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

/// What is done to a training picture: a window of `size` pixels at a random place of the picture with a border of `padding`
/// pixels of the mean colour (He 2016, section 4.2), mirrored half the time. A window smaller than the picture takes up the
/// border's share first: one of 24 in a picture of 32 needs none.
struct Augmentation {
    Index size = 32;
    Index padding = 4;
    bool mirror = true;
};

/// Colours as a network reads them: (v / 255 - mean) / deviation.
struct ColourScale {
    std::array<float, 3> mean{}, deviation{1, 1, 1};
};

/// picture [height, width, 3] -> out [size, size, 3]; draws from `rng` alone.
void augment(const std::uint8_t* picture, Index height, Index width, const Augmentation& augmentation,
             const ColourScale& colour, Rng& rng, float* out);

/// Unchanged: n pictures [height, width, 3] one after another -> out of the same shape.
void scale_colours(const std::uint8_t* pixels, Index count, const ColourScale& colour, float* out);

}  // namespace saccade
