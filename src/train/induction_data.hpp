#pragma once

#include <string>
#include <vector>

#include "base/rng.hpp"
#include "tensor/tensor.hpp"
#include "train/data_source.hpp"

namespace saccade {

/// <start>, then `period` tokens drawn from [0, tokens), none twice, repeated: `length` tokens in all. What comes after
/// the first period can be known from what came before it, and from nothing else (Olsson 2022).
Ids repeated_random_tokens(Rng& rng, Index tokens, Index period, Index length, Index start);

/// <start>, then sentences drawn from a few that are drawn first, so that they recur: `length` tokens in all.
Ids recurring_sentences(Rng& rng, const std::vector<Ids>& sentences, Index length, Index start);

/// English sentences of the Tatoeba pairs, each once: those to learn from, and the references of the held-out split.
struct EnglishSentences {
    std::vector<std::string> training, held_out;
    DataSource source;
};
/// Errors as read_translation_data.
EnglishSentences read_english_sentences(const std::string& path);

}  // namespace saccade
