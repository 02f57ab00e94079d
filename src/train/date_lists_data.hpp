#pragma once

#include <vector>

#include "model/sequence_text.hpp"
#include "train/dates_data.hpp"

namespace saccade {

/// A list of dates, "30 Sep 2019; 2001年1月1日", and what it says, "2019-09-30;2001-01-01".
struct DateList {
    std::string source, target;
    std::vector<std::string> dates;  // ISO, in order
};

/// Characters of the output for a date, with ";" or <end>.
constexpr Index characters_a_date = 11;

/// `count` held-out dates in random forms, joined by "; ". What the list is depends on count and n alone.
DateList held_out_date_list(Index count, Index n);
/// `count` noisy training dates in any form.
DateList draw_training_date_list(Rng& rng, Index count);

/// Source: <pad>, <unk>, source_alphabet() and `separators` that it does not have. Target: digits, "-", separators, <end>,
/// <start>.
SequenceVocabularies date_vocabularies(const std::string& separators = "");

}  // namespace saccade
