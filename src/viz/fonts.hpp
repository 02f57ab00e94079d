#pragma once

#include <optional>
#include <string>
#include <vector>

#include "viz/figure.hpp"

namespace saccade {

/// One face of a font file on this machine.
struct FontFile {
    std::string path;
    int face_index = 0;
    std::string family;

    bool empty() const { return path.empty(); }
};

/// The files that every front draws with: the window loads them into its atlas, exports embed them.
struct FontFiles {
    FontFile ui;
    FontFile mono;
    FontFile cjk;  // empty if the machine has none
};

/// Looked up through fontconfig once, for each `family` of texts: "Linux Libertine", or "serif"; empty: the program's own.
/// Error{not_found} with what to install if there is no font at all, Error{usage} if this machine has no such family.
const FontFiles& find_fonts(const std::string& family = {});

/// Families in the order in which they are tried for a glyph, as Pango and CSS take them: "Noto Sans, WenQuanYi Micro Hei,
/// ...".
std::vector<std::string> font_families(Font font, const std::string& family = {});

/// A face that has the glyph, whatever the family; none if no font of the machine has it.
std::optional<FontFile> font_with(char32_t code_point);

}  // namespace saccade
