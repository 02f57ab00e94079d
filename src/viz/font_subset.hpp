#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "viz/fonts.hpp"

namespace saccade {

/// A face cut down to what a document needs, to be embedded under the family's own name.
struct EmbeddedFont {
    std::string family;
    std::string data;       // a TrueType or OpenType file; empty if the font's licence bits forbid embedding
    bool opentype = false;  // CFF outlines
};

/// For the code points drawn in each font: the faces that have them, in the order font_families() tries them, then any other
/// face of the machine.
std::vector<EmbeddedFont> embedded_fonts(const std::map<Font, std::set<char32_t>>& used);

}  // namespace saccade
