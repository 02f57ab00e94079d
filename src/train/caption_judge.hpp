#pragma once

#include "model/caption_text.hpp"
#include "model/captioner.hpp"
#include "train/bleu.hpp"

namespace saccade {

/// What a captioner does on held-out scenes, counted. What the counts are of: the card's "metrics_are".
struct CaptionTally {
    double exact[2] = {0, 0}, taught = 0, captions = 0;
    double drawn = 0;  // exact, where hard attention draws its locations
    double nouns = 0, noun_hits = 0, noun_touches = 0, words = 0, word_hits = 0, chance = 0, mass = 0;
    double loss = 0, tokens = 0;
    Bleu bleu;

    void add(const CaptionTally& other);
};

/// The first n held-out scenes, in both languages; `maps`: with what the taught caption's words look at.
CaptionTally judge_captions(const Captioner<float>& model, const CaptionText& text, Index n, bool maps,
                            const std::stop_token& stop);

}  // namespace saccade
