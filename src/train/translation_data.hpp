#pragma once

#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"
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

/// FNV-1a, 64 bits (Fowler, Noll and Vo).
std::uint64_t fnv1a(const std::string& text);

}  // namespace saccade
