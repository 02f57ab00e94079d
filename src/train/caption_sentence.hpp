#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/caption_text.hpp"
#include "train/caption_scene.hpp"

namespace saccade {

constexpr Index most_caption_words = 40;  // the longest caption has 33, and <end>

/// A word of a caption, and the shape that it speaks of.
struct CaptionWord {
    std::string word;
    int shape = -1;     // in Scene::shapes; -1: of none
    bool noun = false;  // names the kind
};

/// Every word that captions are made of, with <end>, <en> and <zh>.
CaptionText caption_text();

/// The caption of a scene: "a large blue square is left of a small red circle and above a small star ; ..." /
/// "大蓝方块在小红圆的左边， 在...". Shapes in the order given; the first two or three are one clause, then the next.
///   1: A     2: A r B     3: A r B and r C     4: A r B ; C r D     5: A r B and r C ; D r E
std::vector<CaptionWord> caption_of(const Scene& scene, std::span<const CaptionShape> order, CaptionLanguage language);
/// In the order of caption_shapes: the one caption that models are taught.
std::vector<CaptionWord> caption_of(const Scene& scene, CaptionLanguage language);
/// As a captioner writes it: with <end>.
Ids ids_of(const CaptionText& text, std::span<const CaptionWord> words);
std::string text_of(std::span<const CaptionWord> words, CaptionLanguage language);

/// Is this a caption of the scene? It is if it has the form above with any order of the shapes, names each once, in words that
/// are right (either size between 0.19 and 0.28), and states relations that may be said.
bool describes(const Scene& scene, const std::vector<std::string>& words, CaptionLanguage language);

/// Which shapes each word speaks of, for any caption: words of a phrase that ends in a noun go with the shapes that have its
/// colour and kind, and its size if that leaves any; with those of the kind alone if there are none. One entry per word.
struct WordRegion {
    std::vector<int> shapes;  // empty: of none, or of none that is there
    bool noun = false;
};
std::vector<WordRegion> word_regions(const Scene& scene, const std::vector<std::string>& words);

}  // namespace saccade
