#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace saccade {

/// "red", "orange", ...: what `color` may say besides #rrggbb.
const std::vector<std::string>& color_names();
/// 8 bit sRGB; Error{invalid_input} names the colour.
std::array<std::uint8_t, 3> color_rgb(std::string_view name);

}  // namespace saccade
