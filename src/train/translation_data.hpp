#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "model/sequence_text.hpp"
#include "train/data_source.hpp"

namespace saccade {

/// A Chinese sentence and its English translation.
struct SentencePair {
    std::string chinese, english;  // NFKC; English as written
};

/// A held-out Chinese sentence with every English translation that the file has of it.
struct HeldOutSentence {
    std::string chinese;
    std::vector<std::string> references;
};

/// The Tatoeba pairs, split once and for all: a Chinese sentence is held out if the 64-bit FNV-1a hash of its NFKC form is 0
/// modulo 25. Training pairs whose English (pretokenised) also stands among the held-out references are dropped, so that no
/// sentence of either side is on both sides of the split.
struct TranslationData {
    std::vector<SentencePair> training;
    std::vector<HeldOutSentence> held_out;  // in the order of the file
    DataSource source;
};

/// Reads lines "English TAB Chinese TAB anything" (manythings.org/anki). Error{io}, or {bad_format} with the line: not UTF-8,
/// no tab, or the two columns the other way round.
TranslationData read_translation_data(const std::string& path);

/// What is compared to say whether two sentences are the same: letters and digits alone, in lower case, in the simplified
/// characters of the map. So neither punctuation nor white space makes another sentence.
std::string sentence_key(const std::string& text, const CharacterMap& simplified = {});

/// The held-out sentences and their English, as keys.
class HeldOutKeys {
 public:
    HeldOutKeys() = default;
    HeldOutKeys(const std::vector<HeldOutSentence>& held_out, CharacterMap simplified);
    /// May it not be learned from? One of its sides is held out.
    bool holds(const SentencePair& pair) const;

 private:
    CharacterMap simplified_;
    std::set<std::string> chinese_, english_;
};

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
std::uint64_t fnv1a(const std::string& text);

}  // namespace saccade
