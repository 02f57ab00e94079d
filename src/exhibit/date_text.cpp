#include "exhibit/date_text.hpp"

#include <algorithm>
#include <iterator>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "tensor/tensor.hpp"

namespace saccade {

namespace {

bool is_date_digit(char32_t c) {
    return (c >= U'0' && c <= U'9') || (c >= U'０' && c <= U'９') ||
           std::u32string_view(U"〇零一二三四五六七八九十").find(c) != std::u32string_view::npos;
}

/// Is it a month, a weekday or a word that stands in dates, whole or by its first three letters?
bool is_word_of_dates(const std::string& word, bool& month) {
    static const char* const months[] = {"january", "february", "march",     "april",   "may",      "june",
                                         "july",    "august",   "september", "october", "november", "december"};
    static const char* const others[] = {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    const auto is = [&](const std::string& name) { return word == name || word == name.substr(0, 3); };
    if (std::ranges::any_of(months, is)) return month = true;
    if (std::ranges::any_of(others, is)) return true;
    static const std::string_view small[] = {"st", "nd", "rd", "th", "the", "of"};
    return std::ranges::find(small, word) != std::end(small);
}

}  // namespace

bool is_date(std::u32string_view text) {
    Index numbers = 0, longest = 0, run = 0;
    bool month = false;
    std::string word;
    for (const char32_t c : std::u32string(text) + U" ") {
        run = is_date_digit(c) ? run + 1 : 0;
        numbers += run == 1 ? 1 : 0;
        longest = std::max(longest, run);
        const bool letter = (c >= U'a' && c <= U'z') || (c >= U'A' && c <= U'Z');
        if (letter) {
            word += static_cast<char>(c | 0x20);
            continue;
        }
        if (!word.empty() && !is_word_of_dates(word, month)) return false;
        word.clear();
        const bool ideograph = c >= 0x3400 && c <= 0x9fff && !is_date_digit(c);
        if (ideograph && std::u32string_view(U"年月日号星期周").find(c) == std::u32string_view::npos) return false;
    }
    return numbers >= 3 || (month && numbers >= 2) || (month && numbers == 1 && longest >= 6) || (numbers == 1 && longest == 8);
}

bool is_list_of_dates(const std::string& typed) {
    const std::u32string text = decode_utf8(read_text_of(typed));
    bool any = false;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t to = std::min(text.find(U';', from), text.size());
        const std::u32string_view part = std::u32string_view(text).substr(from, to - from);
        from = to + 1;
        if (part.find_first_not_of(U' ') == std::u32string_view::npos) continue;
        if (!is_date(part)) return false;
        any = true;
    }
    return any;
}

}  // namespace saccade
