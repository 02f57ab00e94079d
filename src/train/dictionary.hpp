#pragma once

#include <string>
#include <vector>

#include "model/sequence_text.hpp"
#include "train/data_source.hpp"

namespace saccade {

/// An entry of a Chinese-English dictionary.
struct DictionaryEntry {
    std::string simplified, traditional, pinyin;
    std::vector<std::string> glosses;
    /// CC-CEDICT writes the pinyin of proper nouns with a capital.
    bool proper() const { return !pinyin.empty() && pinyin[0] >= 'A' && pinyin[0] <= 'Z'; }
};

struct Dictionary {
    std::vector<DictionaryEntry> entries;
    DataSource source;
};

/// Reads lines "simplified TAB traditional TAB pinyin TAB gloss/gloss/..."; lines that begin with # are remarks, and one of
/// them that names CC-CEDICT, or the very table that ours were trained on, makes the licence CC-CEDICT's. Error{io}, or
/// {bad_format} with the line: other columns, not UTF-8.
Dictionary read_dictionary(const std::string& path);

/// What a translator would write for the entry: each gloss that is a translation, not a remark about the word, in lower case,
/// without remarks in brackets and without "to" of verbs. Of proper nouns only what stands before a comma ("Boston, capital of
/// Massachusetts": "boston") and without "municipality" or "(name)".
std::vector<std::string> translations(const DictionaryEntry& entry);

/// From a traditional character to the simplified one that stands in its place in most entries; what is itself in most is
/// left out.
CharacterMap simplified_characters(const std::vector<DictionaryEntry>& dictionary);

}  // namespace saccade
