#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "train/translation_data.hpp"
#include "train/word_classes.hpp"

namespace saccade {

/// A place in a pair where a word of a class stands, on both sides once; or where one can stand: what is loved, liked,
/// missed or hated at the end of a sentence (我喜欢音乐。 I like music.) is a slot for places.
struct Slot {
    WordClass word_class;
    std::size_t chinese_at, chinese_size;  // bytes
    std::size_t english_at, english_size;  // pieces of pretokenize
    std::string english_end;               // "'s", where the last piece ends with it
};

/// Makes new training pairs of those that there are. Chinese is expected in simplified characters.
class PairAugmenter {
 public:
    PairAugmenter() = default;
    PairAugmenter(std::vector<ClassWord> words, const std::vector<SentencePair>& pairs);

    const std::vector<ClassWord>& words() const { return words_; }
    /// Of the i-th pair.
    const std::vector<Slot>& slots(std::size_t i) const { return slots_.at(i); }
    bool has_place(std::size_t i) const;

    /// The pair with one word, `at` the slot, replaced by another of its class, drawn evenly.
    SentencePair substituted(const SentencePair& pair, const Slot& slot, Rng& rng) const;

 private:
    std::vector<Slot> slots_of(const SentencePair& pair) const;

    std::vector<ClassWord> words_;
    std::vector<std::vector<std::size_t>> usual_;  // a class: places in words_
    std::vector<std::vector<Slot>> slots_;
};

/// How a sentence ends.
enum class SentenceEnd { none, full_stop, exclamation };

/// A pair that ends with a full stop of any width, with another end on both sides; nullopt for any other pair. `wide`: an
/// exclamation mark as 。 is, otherwise the ASCII mark (NFKC makes one of both; a full stop stays as it is).
std::optional<SentencePair> with_end(const SentencePair& pair, SentenceEnd end, bool wide);

/// Entries as short pairs: the word, and a translation of one to three words of which each stands in `known` (English words of
/// the sentences).
struct DictionaryPairs {
    std::vector<SentencePair> read;    // the word stands in a sentence of the pairs
    std::vector<SentencePair> others;  // of two to four characters
};
DictionaryPairs dictionary_pairs(const std::vector<DictionaryEntry>& dictionary, const std::vector<SentencePair>& pairs,
                                 const std::set<std::string>& known);

}  // namespace saccade
