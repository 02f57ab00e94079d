#pragma once

#include <imgui.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "gl/gl_objects.hpp"
#include "viz/shaped_text.hpp"

namespace saccade {

/// Texts that ImGui, which draws glyph after glyph from left to right, cannot: laid out by Pango as exports have them, and
/// drawn as pictures, which are kept while they are used.
class ShapedTexts {
 public:
    /// Logical px, as TextMeasure::width.
    double width(const std::string& text, double size, Font font);
    /// With the start of its baseline there, px of the screen, its em `size` px; turned about `pivot` by so many degrees,
    /// clockwise. The GL context must be current.
    void draw(ImDrawList& list, const std::string& text, double size, Font font, ImVec2 start, ImU32 color, ImVec2 pivot = {},
              double angle = 0);

 private:
    struct Picture {
        Texture texture;
        TextCoverage cover;
        int used = 0;  // in which frame
    };
    const Picture& picture(const std::string& text, double size, Font font);

    PangoTextMeasure measure_;
    std::map<std::pair<std::string, Font>, double> widths_;  // of an em of 1 px
    std::map<std::tuple<std::string, int, Font>, Picture> pictures_;
};

}  // namespace saccade
