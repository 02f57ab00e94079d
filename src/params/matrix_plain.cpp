#include "params/matrix_plain.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr std::size_t longest_number = 64;  // characters

/// A no-break or thin space between digits may group thousands, as in 1 234,5, or stand between two numbers.
void refuse_grouping(const std::string& text, std::size_t at, std::size_t length) {
    const std::size_t after = at + length;
    if (at == 0 || after + 2 >= text.size() || !is_ascii_digit(text[at - 1])) return;
    if (!is_ascii_digit(text[after]) || !is_ascii_digit(text[after + 1]) || !is_ascii_digit(text[after + 2])) return;
    if (after + 3 < text.size() && is_ascii_digit(text[after + 3])) return;
    std::size_t begin = at, end = after;
    while (begin > 0 && is_ascii_digit(text[begin - 1])) --begin;
    while (end < text.size() && is_ascii_digit(text[end])) ++end;
    const std::string left = text.substr(begin, at - begin), right = text.substr(after, end - after);
    throw Error(ErrorCode::invalid_input,
                fmt::format("'{0} {1}' with a no-break space is one number, {0}{1}, or two, {0} and {1}", left, right),
                "write numbers without spaces in them, and ordinary spaces between them");
}

/// Each way to read the text would take its time over what cannot be a number.
void refuse_long_numbers(const std::string& text) {
    std::size_t line = 1, length = 0, begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') ++line;
        if (std::string_view(" ,;\t\r\n[]").find(c) != std::string_view::npos) {
            length = 0;
            begin = at + 1;
        } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++length > longest_number) {
            throw Error(
                ErrorCode::invalid_input,
                fmt::format("line {}: '{}' goes on for more than {} characters, which no number does", line,
                            shorten(sanitize_utf8(std::string_view(text).substr(begin, at - begin)), 24), longest_number),
                "put spaces between numbers, and write each with fewer digits");
        }
    }
}

}  // namespace

std::string plain_matrix_text(const std::string& text) {
    // A full-width comma is never decimal.
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> same = {
        {{"，", ", "}, {"；", ";"}, {"\u00a0", " "}, {"\u202f", " "}, {"\u2009", " "}, {"−", "-"}, {"\u2028", "\n"}}};
    std::string result;
    bool ascii = true;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t length = 1;
        std::string_view to = std::string_view(text).substr(at, 1);
        for (const auto& [from, other] : same) {
            if (static_cast<unsigned char>(text[at]) < 0x80 || text.compare(at, from.size(), from) != 0) continue;
            if (from == "\u00a0" || from == "\u202f" || from == "\u2009") refuse_grouping(text, at, from.size());
            to = other;
            length = from.size();
            break;
        }
        ascii = ascii && static_cast<unsigned char>(to[0]) < 0x80;
        result += to;
        at += length;
    }
    if (!ascii) result = read_text_of(result);
    refuse_long_numbers(result);
    return result;
}

}  // namespace saccade
