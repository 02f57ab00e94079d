#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace saccade {

/// A text file whole, without its byte order mark. Error{io} as read_file(); Error{bad_format} if it is not UTF-8, with the
/// line of the first wrong byte and the encoding that it looks like.
std::string read_text(const std::string& path, std::size_t limit = std::size_t{256} << 20);

/// What text that is not UTF-8 is probably in: "UTF-16", "GBK", "Big5", "Shift-JIS", "Windows-1252". A guess for an error's
/// words, from which double bytes are common.
std::string likely_encoding(std::string_view bytes);

}  // namespace saccade
