#include "ui/palette_match.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/utf8.hpp"

namespace saccade {

namespace {

/// Readings of the characters of our titles and examples: their initials.
struct Reading {
    char initial;
    const char* characters;
};
constexpr std::array readings = {Reading{'a', "爱"},
                                 Reading{'b', "不本遍北边八"},
                                 Reading{'c', "从出层此词床车重"},
                                 Reading{'d', "代到地多对打的读大动点"},
                                 Reading{'e', "而二"},
                                 Reading{'f', "方幅"},
                                 Reading{'g', "个归公告国"},
                                 Reading{'h', "会何候化合回环话很红火号"},
                                 Reading{'j', "价几句己焦聚觉集颈九京见"},
                                 Reading{'k', "刻开看块"},
                                 Reading{'l', "列力拉来络里了六蓝零"},
                                 Reading{'m', "么模买吗每"},
                                 Reading{'n', "你哪年能"},
                                 Reading{'o', "偶"},
                                 Reading{'p', "瓶"},
                                 Reading{'q', "取齐去起趣七期"},
                                 Reading{'r', "任然日"},
                                 Reading{'s', "上什所时是素视说身输三书十诉"},
                                 Reading{'t', "图头特他天她"},
                                 Reading{'w', "为文网我五"},
                                 Reading{'x', "下些像先型寻序形循性显信向相星"},
                                 Reading{'y', "一与元意有样眼要阅园圆月移"},
                                 Reading{'z', "作再只在址征怎注状直种著重中左早昨站走周自"}};

const std::map<char32_t, std::string>& initials_by_character() {
    static const std::map<char32_t, std::string> all = [] {
        std::map<char32_t, std::string> result;
        for (const Reading& reading : readings)
            for (const char32_t c : decode_utf8(reading.characters)) result[c] += reading.initial;
        return result;
    }();
    return all;
}

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

bool same(char32_t asked, char32_t there) {
    if (asked == there) return true;
    return is_han(there) && asked < 0x80 && pinyin_initials(there).find(static_cast<char>(asked)) != std::string::npos;
}

// Of each letter of a word; and what a whole word must have on average to be meant.
constexpr double letter_found = 1, at_start = 8, beside_last = 5, after_gap = -2, least_average = 2.5;
constexpr double late = 0.02;  // a letter before the first that is found

/// The best way to find the word's letters in order: over all places of the last of them.
std::optional<double> word_score(const std::u32string& word, const std::u32string& text) {
    constexpr double none = -1e9;
    std::vector<double> last(text.size(), none), now(text.size(), none);
    for (std::size_t i = 0; i < word.size(); ++i) {
        double before = none;  // the best of the letter before, further left than the neighbour
        for (std::size_t j = 0; j < text.size(); ++j) {
            if (i > 0 && j > 1) before = std::max(before, last[j - 2]);
            now[j] = none;
            if (!same(word[i], text[j])) continue;
            const bool start = j == 0 || !is_letter(text[j - 1]) || is_han(text[j]);
            const double here = letter_found + (start ? at_start : 0);
            const double beside = i > 0 && j > 0 && last[j - 1] > none ? last[j - 1] + beside_last : none;
            const double apart = before > none ? before + after_gap : none;
            const double so_far = i == 0 ? -late * static_cast<double>(j) : std::max(beside, apart);
            if (so_far > none) now[j] = so_far + here;
        }
        std::swap(last, now);
    }
    const double best = text.empty() ? none : *std::ranges::max_element(last);
    if (best < least_average * static_cast<double>(word.size())) return std::nullopt;
    return best;
}

}  // namespace

std::string pinyin_initials(char32_t character) {
    const auto found_at = initials_by_character().find(character);
    return found_at == initials_by_character().end() ? std::string() : found_at->second;
}

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
