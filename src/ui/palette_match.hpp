#pragma once

#include <optional>
#include <string>

namespace saccade {

/// The initials of a Chinese character in pinyin ("zc": it is read in two ways); empty for one that none of our own titles and
/// examples has.
std::string pinyin_initials(char32_t character);

/// How well the words of a query are found in a text: every letter of each, in order, whichever case it has; a Chinese
/// character is found by the initial of its pinyin, too. The larger, the better: beginnings of words before what lies in them,
/// letters that stand together before scattered ones, the whole query before its parts, short texts before long ones. None if
/// a word is not in it, or too scattered to be meant. An empty query is found everywhere: 0.
std::optional<double> match_score(const std::string& query, const std::string& text);

}  // namespace saccade
