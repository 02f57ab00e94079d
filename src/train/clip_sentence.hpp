#pragma once

#include <string>
#include <vector>

#include "model/caption_text.hpp"
#include "train/clip_scene.hpp"

namespace saccade {

constexpr Index most_clip_words = 36;  // the longest sentence has 29, and <end>

/// A word of a sentence about a clip, and what it speaks of.
struct ClipWord {
    enum class Kind { other, noun, verb };
    std::string word;
    Kind kind = Kind::other;  // noun: names the shape; verb: what happens, with its direction
    int event = -1;           // in Clip::events; -1: of none
    std::vector<int> shapes;  // in Clip::shapes
};

/// Every word that sentences are made of, with <end>, <en> and <zh>.
CaptionText clip_text();

/// What happens, in the order in which it begins: "the red circle appears, then the blue square moves left, then the blue
/// square meets the red circle" / "红圆出现，然后蓝方块向左移动，然后蓝方块与红圆相遇". Of two that meet the one further left
/// comes first.
std::vector<ClipWord> sentence_of(const Clip& clip, CaptionLanguage language);
/// As a decoder writes it: with <end>.
Ids ids_of(const CaptionText& text, const std::vector<ClipWord>& words);

/// Does it say all that happens, in order, and nothing else? Of two that meet either may come first.
bool tells(const Clip& clip, const std::vector<std::string>& words, CaptionLanguage language);

/// What each word of any sentence speaks of, clause by clause: the first event that is not spoken of yet with the clause's verb
/// and shapes; or with its verb or first shape. One entry a word.
std::vector<ClipWord> words_of(const Clip& clip, const std::vector<std::string>& words, CaptionLanguage language);

}  // namespace saccade
