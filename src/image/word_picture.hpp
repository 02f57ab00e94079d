#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

/// How a word is drawn: everything but the word. Lengths are shares of the height of its line, greys 0 (black) to 1.
struct WordLook {
    std::string family;  // of fonts on this machine
    int weight = 400;    // 100 to 900
    bool italic = false;
    double spacing = 0;  // between letters

    double bend = 0;              // angle of the arc along which the line runs, in radians: above 0 its middle stands up
    double turn = 0;              // in radians, clockwise
    double shear = 0;             // how far the top leans to the right
    double far_x = 0, far_y = 0;  // perspective: above 0 the right or lower end is farther away; within (-1, 1)
    std::array<double, 4> margins{0.06, 0.06, 0.12, 0.12};  // left, right, above, below: shares of the picture
    double widest = 2.5;  // how much wider than high letters may become where the picture is wider than the word

    double ink = 0.1, paper = 0.9;
    double outline = 0, outline_grey = 0.5;                // width of a line around each letter
    double shadow_x = 0, shadow_y = 0, shadow_grey = 0.5;  // 0, 0: none

    double slope = 0;        // how much lighter the paper becomes from the left to the right
    double mottle = 0;       // how much it varies from place to place
    int strokes = 0;         // lines across the picture
    double blur = 0;         // standard deviation, in pixels
    double grain = 0;        // standard deviation of each pixel's noise
    int jpeg = 0;            // quality that it is kept at in between, 1 to 100; 0: not
    std::uint64_t seed = 0;  // of mottle, strokes and grain
};

/// Left, upper, right and lower edge, as shares of the picture.
struct LetterBox {
    double left, top, right, bottom;
    bool holds(double x, double y) const { return x >= left && x <= right && y >= top && y <= bottom; }
};

struct WordPicture {
    Tensor<float> grey;            // [height, width], 0 to 1
    std::vector<LetterBox> boxes;  // of each character, in order
    /// Where the upper edge of the line came to lie at places from its left to its right end, evenly along it, and then the
    /// lower: x and y, shares of the picture.
    std::vector<std::array<double, 2>> edges;
};
inline constexpr int places_of_an_edge = 10;

/// The word in a picture of height x width pixels, that it fills but for the margins, as a text found in a photograph is cut
/// out: lines that are not straight become lower, long ones narrower. Its outline is bent, not its pixels. The same look gives
/// the same picture wherever the fonts are the same. Error{invalid_input} for a word that is empty or longer than 64
/// characters, a family that is not there, or a look that folds the line over itself.
WordPicture draw_word(const std::string& word, const WordLook& look, Index height, Index width);

/// Families of scalable fonts on this machine that have all of the 94 printable characters of ASCII, by name.
const std::vector<std::string>& word_families();

}  // namespace saccade
