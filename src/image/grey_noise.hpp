#pragma once

#include <cstdint>

#include "base/rng.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

// What a camera, a scanner and a wall do to a picture of text. All: grey [height, width], 0 to 1.

/// What is written on.
struct Paper {
    double grey = 0.9;
    double slope = 0;   // how much lighter it becomes from the left to the right
    double mottle = 0;  // how far it lies above or below from place to place
};
void paint_paper(Tensor<float>& grey, const Paper& paper, std::uint64_t seed);

/// By a Gaussian of this standard deviation, in pixels; the picture goes on as it ends. 0: as it is.
void blur(Tensor<float>& grey, double deviation);
/// Adds normal noise to each pixel, and keeps it between 0 and 1.
void add_grain(Tensor<float>& grey, double deviation, Rng rng);
/// As it comes back from a JPEG file of this quality, 1 to 100.
void through_jpeg(Tensor<float>& grey, int quality);

}  // namespace saccade
