#pragma once

#include <set>
#include <string>

#include "viz/fonts.hpp"

namespace saccade {

/// The glyphs of a font that a text needs, as a font file of its own (bytes), by HarfBuzz: so that a picture looks the same
/// where the font is not installed. Empty if the face has none of them. Error{io} if the file cannot be read.
std::string font_subset(const FontFile& font, const std::set<char32_t>& code_points);

/// Does the face have a glyph for it?
bool has_glyph(const FontFile& font, char32_t code_point);

}  // namespace saccade
