#pragma once

#include <imgui.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ui/shaped_texts.hpp"
#include "ui/stand_ins.hpp"
#include "viz/figure.hpp"
#include "viz/fonts.hpp"

namespace saccade {

/// ImGui's fonts from the same files that exports use. Sizes are those of the em, as everywhere in this project; ImGui's own
/// are line heights. Starts with ASCII; any other glyph (a Chinese character, say) is drawn into the texture when a text first
/// needs it, so there is no giant atlas at start and no new atlas while someone types. What no font has is a box with its code.
class FontAtlas {
 public:
    /// Error{not_found} or {io} if the machine has no font that can be read.
    FontAtlas();
    ~FontAtlas();
    FontAtlas(const FontAtlas&) = delete;
    FontAtlas& operator=(const FontAtlas&) = delete;

    /// Says that a text will be drawn; from then on it can be. Costs nothing for what is known. The GL context must be current.
    void need(std::string_view text);
    /// The text as ImGui can draw it, which must be given to it in place of the text itself.
    std::string shown(std::string_view text) const { return stand_ins_.known(text); }
    /// For tests: what was drawn since they last cleared it, and what of it had no room.
    struct Heard {
        struct Box {
            std::string text;
            std::array<float, 4> box, clip;  // px of the screen: x, y, width, height
            std::string layer;               // the window that it is in, of those that may lie over each other
            bool scrolls = false, of_figure = false;
        };
        std::set<std::string> drawn, cut;
        std::vector<Box> boxes;  // of the last frame
    };
    Heard* heard() const { return heard_; }
    void tell(Heard* heard) { heard_ = heard; }
    void note_cut(const std::string& text) const {
        if (heard_ != nullptr) heard_->cut.insert(text);
    }
    /// What stands for characters that ImGui cannot hold.
    StandIns& stand_ins() { return stand_ins_; }
    /// Texts that need more than glyph after glyph (viz/shaped_text.hpp).
    ShapedTexts& shaped() const {
        if (!shaped_) shaped_ = std::make_unique<ShapedTexts>();  // which few windows need
        return *shaped_;
    }
    /// Before NewFrame: builds the atlas again if the scale has changed or the room for glyphs is used up. True if it did: the
    /// texture must be uploaded.
    bool update(float ui_scale);

    /// The face nearest to a size in logical px.
    ImFont* face(Font font, double size) const;
    ImFont* body() const { return face(Font::ui, 15); }
    float scale() const { return scale_; }

    /// Of a line, in em.
    double ascent(Font font) const;
    double descent(Font font) const;
    /// What ImGui calls the size of a face when its em has `size` logical px: the height of a line, in screen px.
    float imgui_size(Font font, double size) const;

 private:
    struct Source;  // a font file
    struct Face {
        Font font;
        double size;  // logical px of the em
        ImFont* handle;
    };
    Source* load(const FontFile& file);
    Source& main_source(Font font) const { return font == Font::mono ? *mono_ : *ui_; }
    const Source* source_for(char32_t code_point, Font font);
    void build();
    bool is_new(char32_t code_point);
    bool make_room();
    void add_glyphs(const std::vector<char32_t>& code_points);
    void add_glyph(const Face& face, char32_t code_point);
    static void find_last_glyph(ImFont& font);
    /// A drawn glyph: `samples` of coverage a pixel across; its upper left corner from the pen on the baseline, px.
    struct Drawn {
        std::vector<unsigned char> coverage;
        int width = 0, height = 0, samples = 1;
        float left = 0, top = 0, advance = 0;
    };
    Drawn draw_glyph(const Source& source, char32_t code_point, float em) const;
    Drawn draw_code(char32_t code_point, float em) const;

    Heard* heard_ = nullptr;
    StandIns stand_ins_;
    mutable std::unique_ptr<ShapedTexts> shaped_;
    std::map<std::pair<std::string, int>, std::unique_ptr<Source>> sources_;  // files, read once
    Source* ui_ = nullptr;
    Source* mono_ = nullptr;
    /// Wanted so far, whether a font has it or not, and in which frame last. Those of long ago give way where the room ends.
    std::unordered_map<char32_t, std::uint64_t> known_;
    std::uint64_t frame_ = 0;
    std::vector<Face> faces_;
    float scale_ = 1;
    bool built_ = false, full_ = false;

    // Room for glyphs in the texture: filled in rows from the top.
    struct Room {
        int x = 0, y = 0, width = 0, height = 0;  // px of the texture
        int at_x = 0, at_y = 0, row_height = 0;
    };
    bool take(int width, int height, int& x, int& y);
    Room room_;
    int room_height_ = 512;
};

}  // namespace saccade
