#pragma once

#include <imgui.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "viz/figure.hpp"
#include "viz/fonts.hpp"

struct FT_FaceRec_;
struct FT_LibraryRec_;

namespace saccade {

/// ImGui's fonts from the same files that exports use. Starts with Latin, Greek and signs; any other glyph (a Chinese
/// character, say) is loaded when a text first needs it, so there is no giant atlas at start.
class FontAtlas {
 public:
    FontAtlas();

    /// Says that a text will be drawn. Cheap for what is known; the rest is there from the next frame on.
    void need(std::string_view text);
    /// Before NewFrame: builds the atlas again if glyphs or the scale have changed. True if it did: the texture must be
    /// uploaded.
    bool update(float ui_scale);

    /// The face nearest to a size in logical px.
    ImFont* face(Font font, double size) const;
    ImFont* body() const { return face(Font::ui, 15); }
    float scale() const { return scale_; }

 private:
    struct Source {
        std::string bytes;
        int face_index = 0;
        std::shared_ptr<FT_FaceRec_> face;  // to ask which glyphs it has
        bool has(char32_t code_point) const;
    };
    struct Face {
        Font font;
        double size;
        ImFont* handle;
    };
    const Source* source_for(char32_t code_point);
    Source* load(const FontFile& file);
    void build();

    std::shared_ptr<FT_LibraryRec_> freetype_;
    std::map<std::pair<std::string, int>, Source> sources_;  // files, read once
    Source* ui_ = nullptr;
    Source* mono_ = nullptr;
    std::set<char32_t> known_;                           // looked up already, whether a font has it or not
    std::map<const Source*, std::set<char32_t>> extra_;  // glyphs beyond the base, by the font that has them
    std::vector<std::vector<ImWchar>> ranges_;           // must outlive the build
    std::vector<Face> faces_;
    float scale_ = 1;
    bool dirty_ = true;
};

}  // namespace saccade
