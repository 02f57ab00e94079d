#pragma once

#include <string>
#include <vector>

#include "model/sequence_text.hpp"

namespace saccade {

/// An entry of a Chinese-English dictionary.
struct DictionaryEntry {
    std::string simplified, traditional, pinyin;
    std::vector<std::string> glosses;
    /// CC-CEDICT writes the pinyin of proper nouns with a capital.
    bool proper() const { return !pinyin.empty() && pinyin[0] >= 'A' && pinyin[0] <= 'Z'; }
};

/// Reads lines "simplified TAB traditional TAB pinyin TAB gloss/gloss/..." (CC-CEDICT, CC BY-SA 4.0). Error{io}, or
/// {bad_format} with the line.
std::vector<DictionaryEntry> read_dictionary(const std::string& path);

/// What a translator would write for the entry: each gloss that is a translation, not a remark about the word, in lower case,
/// without remarks in brackets and without "to" of verbs. Of proper nouns only what stands before a comma ("Boston, capital of
/// Massachusetts": "boston") and without "municipality" or "(name)".
std::vector<std::string> translations(const DictionaryEntry& entry);

/// From a traditional character to the simplified one that stands in its place in most entries; what is itself in most is
/// left out.
CharacterMap simplified_characters(const std::vector<DictionaryEntry>& dictionary);

}  // namespace saccade
