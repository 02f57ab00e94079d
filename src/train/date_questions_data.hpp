#pragma once

#include <array>
#include <string>
#include <vector>

#include "model/vocabulary.hpp"
#include "train/dates_data.hpp"

namespace saccade {

// Questions about a written date: its year, its month, its day. The answers are classes: first the years that the generator
// knows, then the months, then the days.

inline constexpr Index question_count = 3;

/// "year", "month", "day".
const std::vector<std::string>& question_names();
/// "1950" ... "2049", "Jan" ... "Dec", "1" ... "31".
const std::vector<std::string>& answer_names();
/// The class that answers each question.
std::array<Index, question_count> answers_of(const CalendarDate& date);
/// Is source character j one from which the answer is read?
bool is_gold(const DateExample& example, Index question, Index j);
/// Characters with "<pad>" and "<unk>" first.
const Vocabulary& date_question_vocabulary();

}  // namespace saccade
