#pragma once

#include <map>
#include <memory>
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
std::vector<EmbeddedFont> embedded_fonts(const std::map<Font, std::set<char32_t>>& used, const std::string& family = {});

/// A run of a text, and the family that it must name beside font_families(): empty for what those have. An emoji family
/// stands on its emoji alone, since it has digits and blanks of its own.
struct TextRun {
    std::string text;
    std::string family;
};
/// Cuts texts into runs; looks into each font file once. `family` as in find_fonts().
class TextRuns {
 public:
    explicit TextRuns(std::string family = {});
    ~TextRuns();
    std::vector<TextRun> operator()(const std::string& text, Font font);

 private:
    std::unique_ptr<class Faces> faces_;
    std::string family_;
};

}  // namespace saccade
