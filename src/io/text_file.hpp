#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace saccade {

/// A text file whole, without its byte order mark. Error{io} as read_file(); Error{bad_format} if it is not UTF-8, with the
/// line of the first wrong byte and the encoding that it looks like.
std::string read_text(const std::string& path, std::size_t limit = std::size_t{256} << 20);

constexpr std::size_t longest_text_line = std::size_t{1} << 16;  // bytes: more than any sentence or entry of a dictionary

/// The same of a file that holds an entry a line: Error{bad_format}, too, with the first line that is longer than any. What is
/// made of a line may take many times its room.
std::string read_text_of_lines(const std::string& path, std::size_t limit = std::size_t{256} << 20);

/// What text that is not UTF-8 is probably in: "UTF-16", "GBK", "Big5", "Shift-JIS", "Windows-1252". A guess for an error's
/// words, from which double bytes are common.
std::string likely_encoding(std::string_view bytes);

}  // namespace saccade
