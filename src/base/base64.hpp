#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace saccade {

/// RFC 4648, with padding, no line breaks.
std::string base64_encode(std::string_view bytes);
/// None if it is not base64.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace saccade
