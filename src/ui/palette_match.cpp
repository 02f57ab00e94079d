#include "ui/palette_match.hpp"

#include <algorithm>
#include <sstream>
#include <unordered_map>
#include <vector>

#include "base/utf8.hpp"
#include "io/input_file.hpp"
#include "model/model_store.hpp"

namespace saccade {

namespace {

using Readings = std::unordered_map<char32_t, std::vector<std::string>>;

/// How characters are read, as assets/translations/pinyin.txt has it: a syllable a line, and those that are read so.
const Readings& readings() {
    static const Readings all = [] {
        Readings result;
        try {
            std::istringstream lines(read_file(assets_folder() + "/translations/pinyin.txt"));
            for (std::string syllable, characters; lines >> syllable >> characters;)
                for (const char32_t c : decode_utf8(characters)) result[c].push_back(syllable);
        } catch (const Error&) {
            result.clear();  // Chinese is then found by itself alone
        }
        return result;
    }();
    return all;
}

}  // namespace

const std::vector<std::string>& pinyin(char32_t character) {
    static const std::vector<std::string> none;
    const auto found = readings().find(character);
    return found == readings().end() ? none : found->second;
}

namespace {

bool is_han(char32_t c) {
    return c >= 0x3400 && c <= 0x9fff;
}

char32_t folded(char32_t c) {
    return c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
}

std::u32string folded(std::u32string text) {
    for (char32_t& c : text) c = folded(c);
    return text;
}

bool is_letter(char32_t c) {
    return (c >= U'a' && c <= U'z') || (c >= U'0' && c <= U'9') || c >= 0x80;
}

/// How many letters of the word, from i on, one character of the text may stand for: itself, or the beginning of a reading.
std::vector<std::size_t> letters_of(const std::u32string& word, std::size_t i, char32_t there) {
    if (word[i] == there) return {1};
    std::vector<std::size_t> lengths;
    if (!is_han(there) || word[i] >= 0x80) return lengths;
    std::size_t longest = 0;
    for (const std::string& reading : pinyin(there)) {
        std::size_t n = 0;
        while (n < reading.size() && i + n < word.size() && word[i + n] == static_cast<char32_t>(reading[n])) ++n;
        longest = std::max(longest, n);
    }
    for (std::size_t n = 1; n <= longest; ++n) lengths.push_back(n);
    return lengths;
}

// Of each letter of a word; and what a whole word must have on average to be meant.
constexpr double letter_found = 1, at_start = 8, beside_last = 5, after_gap = -2, least_average = 2.5;
constexpr double late = 0.02;  // a letter before the first that is found

/// The best way to find the word's letters in order: over how many of them are found, and where the last of them stands.
std::optional<double> word_score(const std::u32string& word, const std::u32string& text) {
    constexpr double none = -1e9;
    std::vector<std::vector<double>> found(word.size() + 1, std::vector<double>(text.size(), none));
    for (std::size_t i = 0; i < word.size(); ++i) {
        double before = none;  // the best of the letter before, further left than the neighbour
        for (std::size_t j = 0; j < text.size(); ++j) {
            if (i > 0 && j > 1) before = std::max(before, found[i][j - 2]);
            const double beside = i > 0 && j > 0 && found[i][j - 1] > none ? found[i][j - 1] + beside_last : none;
            const double apart = before > none ? before + after_gap : none;
            const double so_far = i == 0 ? -late * static_cast<double>(j) : std::max(beside, apart);
            if (so_far <= none) continue;
            const bool start = j == 0 || !is_letter(text[j - 1]) || is_han(text[j]);
            for (const std::size_t n : letters_of(word, i, text[j])) {
                const double here =
                    letter_found + (start ? at_start : 0) + static_cast<double>(n - 1) * (letter_found + beside_last);
                found[i + n][j] = std::max(found[i + n][j], so_far + here);
            }
        }
    }
    const double best = text.empty() ? none : *std::ranges::max_element(found[word.size()]);
    if (best < least_average * static_cast<double>(word.size())) return std::nullopt;
    return best;
}

}  // namespace

std::optional<double> match_score(const std::string& query, const std::string& text) {
    constexpr double whole_phrase = 10, from_start = 10, all_of_it = 20, a_letter_more = -0.05;
    const std::u32string asked = folded(decode_utf8(query)), in = folded(decode_utf8(text));
    double score = 0;
    std::u32string word, phrase;
    for (std::size_t i = 0; i <= asked.size(); ++i) {
        if (i < asked.size() && asked[i] != U' ') {
            word += asked[i];
            continue;
        }
        if (word.empty()) continue;
        const std::optional<double> of_word = word_score(word, in);
        if (!of_word) return std::nullopt;
        score += *of_word;
        phrase += (phrase.empty() ? U"" : U" ") + word;
        word.clear();
    }
    if (phrase.empty()) return 0;
    const std::size_t at = in.find(phrase);
    if (at != std::u32string::npos) score += whole_phrase + (at == 0 ? from_start : 0);
    if (in == phrase) score += all_of_it;
    return score + a_letter_more * static_cast<double>(in.size());
}

}  // namespace saccade
