#pragma once

#include <optional>
#include <string>
#include <vector>

namespace saccade {

/// How a Chinese character is read, without tones and with v for ü: "zhong", "chong". Empty for one that is not usual.
const std::vector<std::string>& pinyin(char32_t character);

/// How well the words of a query are found in a text: every letter of each, in order, whichever case it has; a Chinese
/// character is found by its pinyin or the beginning of it, too. The larger, the better: beginnings of words before what lies
/// in them, letters that stand together before scattered ones, the whole query before its parts, short texts before long ones.
/// None if a word is not in it, or too scattered to be meant. An empty query is found everywhere: 0.
std::optional<double> match_score(const std::string& query, const std::string& text);

}  // namespace saccade
