#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// "7,6" -> "₇,₆": its digits as they stand below the line; what Unicode has no sign for stays.
std::string subscript(std::string_view text);

}  // namespace saccade
