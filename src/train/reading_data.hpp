#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "image/word_picture.hpp"

namespace saccade {

// Pictures of words that nobody photographed: words of a list, numbers and marks, in the fonts of this machine, straight or
// not, on clean paper or a busy wall.

/// Characters of the longest word that is drawn for training.
inline constexpr std::size_t longest_read_word = 16;

/// The words of a list, one a line, those with other characters than the reader's 94 left out. A 20th, by its letters alone
/// (capitals aside), is held out.
struct WordList {
    std::vector<std::string> train, held_out;
};
/// `path`: a file; empty: /usr/share/dict/words. Error{io} says which package has one; {bad_format} if fewer than 100 words can
/// be used.
WordList read_word_list(const std::string& path);

/// Fonts that nothing was trained on, each from a package of its own, and their relatives (families whose names begin alike).
std::span<const char* const> held_out_families();
/// Those of this machine that are not held out, and that tell capitals from small letters.
const std::vector<std::string>& training_families();
/// Those that are held out and here. Error{unsupported} names the packages if fewer than 8 are.
const std::vector<std::string>& testing_families();

/// Which difficulty.
enum class WordShape { straight, curved, mixed };

/// A word and how it is drawn.
struct WordExample {
    std::string word;
    WordLook look;
};
/// Words as they stand on signs and pages: as in the list, capitalised or in capitals; numbers, prices, dates, times; with
/// marks around or between; now and then letters at random, so that what is written is read, and not guessed.
std::string draw_text(const std::vector<std::string>& words, Rng& rng);
/// How far the arcs go on which words stand, in degrees. Beyond a quarter of a circle the letters of a long word are some 7
/// pixels high in a picture of 32.
struct BendRange {
    double least = 30, most = 90;
};
/// Straight: turned by 5 degrees at most, the page lies flat. Curved: an arc, or seen from the side. Mixed: half and half.
WordLook draw_look(const std::vector<std::string>& families, WordShape shape, Rng& rng, const BendRange& bend = {});
/// Both, until it can be drawn.
struct DrawnWord {
    WordExample example;
    WordPicture picture;
};
DrawnWord draw_example(const std::vector<std::string>& words, const std::vector<std::string>& families, WordShape shape,
                       Index height, Index width, Rng& rng, const BendRange& bend = {});

}  // namespace saccade
