#pragma once

#include <string>

#include "viz/view.hpp"

namespace saccade {

// Lengths of figures as people write them; inside they are logical px, 1/96 inch.

inline constexpr double px_per_mm = 96 / 25.4, px_per_pt = 96.0 / 72;
inline constexpr double least_side = 16, most_side = 16384, least_text = 1, most_text = 1000;  // px, of a figure and its text

inline constexpr double body_px = 13;  // of the text that layouts are made for

/// px of a figure's text: stated, or as the layout is scaled.
double text_px(const ViewState& state);
/// All text of this size, px, and all that goes with it: gaps, strokes.
void set_text_px(ViewState& state, double px);

/// "85mm", "3.3in", "240pt" or "320px", as px from `least` to `most`. Error{usage} names what it is of: "--width", "width".
double length_px(const std::string& of, const std::string& text, double least, double most);

}  // namespace saccade
