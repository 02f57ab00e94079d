#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace saccade {

/// Byte offset of the first invalid UTF-8 sequence, or npos.
std::size_t find_invalid_utf8(std::string_view text);
/// The text with every invalid sequence replaced by U+FFFD.
std::string sanitize_utf8(std::string_view text);
/// Splits into code points, each as its own UTF-8 string. Throws Error{invalid_input} naming the byte offset if invalid.
std::vector<std::string> code_points(std::string_view text);
/// Splits into user-perceived characters (grapheme clusters, by utf8proc): an emoji with modifiers is one.
std::vector<std::string> graphemes(std::string_view text);
/// Columns it takes in a terminal (wide CJK: 2).
int display_width(std::string_view text);
/// Code points to UTF-8 and back.
std::string encode_utf8(char32_t code_point);
std::u32string decode_utf8(std::string_view text);
/// A text cut to at most n code points, with an ellipsis where it was cut: for messages.
std::string shorten(std::string_view text, std::size_t n);

}  // namespace saccade
