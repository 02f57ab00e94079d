#pragma once

#include "base/rng.hpp"
#include "image/image.hpp"

namespace saccade {

/// A drawn digit as MNIST's authors prepared theirs (LeCun 1998): ink white on black, its box fitted to 20 x 20 px, its centre
/// of mass put into the middle of 28 x 28.
struct CentredInk {
    static constexpr Index side = 28;
    Tensor<float> ink;        // [28, 28], 0 to 1, the darkest 1
    double x = 0.5, y = 0.5;  // where the ink's middle is in the picture, fractions
    bool empty = false;       // nothing is drawn: all 0
    bool at_border = false;   // ink reaches the picture's edge: what lies beyond it is lost
    bool inverted = false;    // the picture was dark on light
};
/// The picture's grey; if its edge is mostly light, ink is what is dark.
CentredInk centred_ink(const Image& picture);

/// The picture's grey on a square canvas of that side, in its own shape, in the middle; the rest is black. Inverted as above.
struct WholeInk {
    Tensor<float> ink;  // [side, side]
    bool inverted = false;
};
WholeInk whole_ink(const Image& picture, Index side);

/// Draws over the canvas [side, side], the lighter of the two stays: the 28 x 28 around (x, y) as fractions of it, moved so far
/// that they lie within.
void put_ink(const CentredInk& ink, Index side, float* canvas);
/// Pieces of 8 x 8 px of digits that are drawn here, put anywhere (Mnih 2014, section 4.1, which takes them from MNIST).
void strew_pieces(Index pieces, Index side, Rng& rng, float* canvas);

}  // namespace saccade
