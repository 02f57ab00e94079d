#pragma once

#include "model/clip_describer.hpp"
#include "train/bleu.hpp"
#include "train/clip_sentence.hpp"

namespace saccade {

/// What a describer does on held-out clips, counted. What the counts are of: the card's "metrics_are".
struct ClipTally {
    double exact[2] = {0, 0}, sentences = 0;
    // Of verbs and of nouns: how many, in a frame of their event, there and in the shape's region; the same by chance.
    struct Pointing {
        double words = 0, in_event = 0, in_region = 0, chance = 0, chance_region = 0, mass = 0;
        void add(const Pointing& other);
    };
    Pointing verbs, nouns;
    double loss = 0, tokens = 0;
    Bleu bleu;

    void add(const ClipTally& other);
};

/// The i-th held-out clip.
Clip held_out_clip(Index i);
/// The first n held-out clips, in both languages; `maps`: with what the words of the taught sentence look at.
ClipTally judge_clips(const ClipDescriber<float>& model, const CaptionText& text, Index n, bool maps,
                      const std::stop_token& stop);

/// Where a word may look: [frames, height, width], 1 in the frames of its event, within the region of its shapes; of a map of
/// one cell a frame, all of it. Empty for words of no event.
Tensor<float> clip_gold(const Clip& clip, const ClipWord& word, Index height, Index width);

}  // namespace saccade
