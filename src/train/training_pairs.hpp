#pragma once

#include "train/pair_augmenter.hpp"

namespace saccade {

/// What translators learn from: the training pairs of the split and, with a dictionary, what is made of both anew every epoch.
/// Every pair of an epoch is checked against the held-out sentences (HeldOutKeys): none of them, nor their English, enters.
class TrainingPairs {
 public:
    struct Settings {
        double substituted = 0.3;     // share of the pairs with a slot that have a word replaced
        int place_copies = 2;         // more copies of each pair that names a place, with another place
        double other_ends = 0.16;     // share of the pairs that end otherwise: half of them with nothing
        double entries_read = 0.16;   // entries of words that the pairs hold, as a share of the pairs
        double entries_other = 0.06;  // other entries
    };
    TrainingPairs() = default;
    /// Without `dictionary` an epoch is the pairs as they are.
    TrainingPairs(const TranslationData& data, const std::vector<DictionaryEntry>& dictionary, Settings settings);
    TrainingPairs(const TranslationData& data, const std::vector<DictionaryEntry>& dictionary)
        : TrainingPairs(data, dictionary, Settings{}) {}

    const CharacterMap& simplified() const { return simplified_; }
    const HeldOutKeys& held_out() const { return held_out_; }
    /// Simplified; none of them held out.
    const std::vector<SentencePair>& sentences() const { return sentences_; }
    const std::vector<ClassWord>& words() const { return augmenter_.words(); }
    const DictionaryPairs& entries() const { return entries_; }
    /// Sentences that are used at all; all of them until this is called.
    void keep(std::vector<std::size_t> which);

    /// Pairs in every epoch.
    std::size_t size() const { return kept_.size() + copied_.size() * copies() + entries_read() + entries_other(); }
    /// The pairs of an epoch; the same for the same seed and epoch.
    std::vector<SentencePair> epoch(std::uint64_t seed, std::uint64_t epoch) const;
    /// "and 9,000 entries ..., words replaced ...": what is made besides the pairs, for the card; empty without a dictionary.
    std::string description() const;

 private:
    std::size_t copies() const { return static_cast<std::size_t>(settings_.place_copies); }
    std::size_t entries_read() const;
    std::size_t entries_other() const;
    SentencePair varied(std::size_t i, Rng& rng) const;
    SentencePair with_other_place(std::size_t i, Rng& rng) const;

    Settings settings_;
    CharacterMap simplified_;
    HeldOutKeys held_out_;
    std::vector<SentencePair> sentences_;
    std::vector<std::size_t> kept_, copied_;
    PairAugmenter augmenter_;
    DictionaryPairs entries_;
    bool augmented_ = false;
};

}  // namespace saccade
