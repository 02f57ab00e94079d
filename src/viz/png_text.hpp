#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace saccade {

/// Puts an iTXt chunk (UTF-8 text under a keyword) and the resolution into a PNG, after its header.
std::string png_with_text(std::string_view png, std::string_view keyword, std::string_view text, double dpi);

/// The text of that chunk; none if it is not there. Reads nothing beyond the given bytes, whatever the lengths in them say.
std::optional<std::string> png_text(std::string_view png, std::string_view keyword);

bool is_png(std::string_view file);

}  // namespace saccade
