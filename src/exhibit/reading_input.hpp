#pragma once

#include "exhibit/exhibit.hpp"
#include "image/straightened.hpp"
#include "image/word_picture.hpp"
#include "model/text_reader.hpp"

namespace saccade {

// What a reader reads: a word that is drawn as the parameters say, or the part of a photograph within four corners.

struct ReadingInput {
    Tensor<float> grey;            // [height, width], 0 to 1
    std::string word;              // that was drawn; empty: a photograph
    std::vector<LetterBox> boxes;  // of its characters
};

/// Reads "image" and "corners", or while there is none "word", "font", "bend", "turn", "far_x", "far_y", "blur", "noise" and
/// "clutter". Shown: of a word word.handles [handle, coordinate], of a photograph photo.picture [photo.y, photo.x, photo.color]
/// and photo.corners [corner, coordinate], on the axis that run_reader() declares; as text "fonts" the families that can be
/// chosen. What is left out, put right or unlike all training is said. Error{invalid_input, not_found, io} in one line.
ReadingInput read_word_or_photograph(RunContext& context, const ReaderDesign& design);

/// "0.1 0.2; 0.9 0.2; 0.9 0.8; 0.1 0.8", and back. Empty: the whole picture. Error{invalid_input} for anything but four places.
Corners corners_from(const std::string& text);
std::string corners_text(const Corners& corners);

/// The handles of word.handles as parameters, and the corners of photo.corners.
std::vector<PlacedByParams> reading_places();

/// How far the parameters go, in degrees; and in shares of what would be infinitely far away.
inline constexpr double most_bend = 150, most_turn = 45, farthest = 0.8;

}  // namespace saccade
