#pragma once

#include <string>

namespace saccade {

// Lengths of figures as people write them; inside they are logical px, 1/96 inch.

inline constexpr double px_per_mm = 96 / 25.4, px_per_pt = 96.0 / 72;
inline constexpr double least_side = 16, most_side = 16384, least_text = 1, most_text = 1000;  // px, of a figure and its text

/// "85mm", "3.3in", "240pt" or "320px", as px from `least` to `most`. Error{usage} names what it is of: "--width", "width".
double length_px(const std::string& of, const std::string& text, double least, double most);

}  // namespace saccade
