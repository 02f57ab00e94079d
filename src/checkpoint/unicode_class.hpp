#pragma once

#include <string>
#include <string_view>

namespace saccade {

// What tokenizers ask of a character: the questions are those of the Unicode standard, the answers utf8proc's.

/// Property White_Space.
bool is_white_space(char32_t c);
/// Category P, or one of ASCII's signs ($ + < = > ^ ` | ~ are of category S).
bool is_punctuation(char32_t c);
/// Category N: digits, and also ½ and Ⅷ.
bool is_numeric(char32_t c);
/// Category Mn.
bool is_nonspacing_mark(char32_t c);
/// Category M.
bool is_mark(char32_t c);
/// Cc, Cf or Co; what is not assigned is none of them.
bool is_control(char32_t c);
/// A letter, mark, digit, connector or joiner: what \w means in Rust's regular expressions.
bool is_word(char32_t c);

/// The code point at the front of valid UTF-8, which is cut off. The text must not be empty.
char32_t take_code_point(std::string_view& text);
/// The one at its end, which stays.
char32_t last_code_point(std::string_view text);

/// UTF-8 of any bytes: each longest part of a sequence that breaks off becomes one U+FFFD (Unicode standard, section 3.9, table
/// 3-8), as other programs decode tokens.
std::string lossy_utf8(std::string_view bytes);

}  // namespace saccade
