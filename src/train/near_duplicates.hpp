#pragma once

#include <vector>

#include "train/translation_data.hpp"

namespace saccade {

/// Of each held-out sentence, whether training holds nearly the same: Chinese that differs in one character at most, or English
/// that differs from one of its translations in one word at most (words and marks of pretokenize(), model/bpe.hpp). One that is
/// put in, left out or replaced. A model that has learned such a pair by heart is right about the sentence without translating.
std::vector<bool> near_duplicates(const TranslationData& data);

}  // namespace saccade
