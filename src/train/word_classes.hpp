#pragma once

#include <string>
#include <vector>

#include "train/dictionary.hpp"
#include "train/translation_data.hpp"

namespace saccade {

/// Words of which one can stand in another's place in a sentence.
enum class WordClass { place, name, food, fruit, fruits, profession, number, weekday, month };
constexpr int word_class_count = 9;

/// A word of a class: Chinese (simplified) and English (lower case; may be several words).
struct ClassWord {
    WordClass word_class;
    std::string chinese, english;
    bool usual = true;  // the one that is put into sentences; the others are only recognised there
};

/// The classes' English words are listed here; the dictionary says which Chinese words mean them. `usual` is, of several, the
/// one that stands most often in pairs with the English word; if none does, the one that most entries of the dictionary hold.
std::vector<ClassWord> class_words(const std::vector<DictionaryEntry>& dictionary, const std::vector<SentencePair>& pairs);

}  // namespace saccade
