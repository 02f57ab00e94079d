#pragma once

#include <string>
#include <string_view>

namespace saccade {

/// SHA-256 (FIPS 180-4) of the bytes, as 64 hexadecimal digits: `sha256sum FILE` prints the same.
std::string sha256(std::string_view bytes);

}  // namespace saccade
