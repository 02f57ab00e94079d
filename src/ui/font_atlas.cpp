#include "ui/font_atlas.hpp"

#include <ft2build.h>
#include <imgui_freetype.h>
#include FT_FREETYPE_H

#include <cmath>
#include <fstream>
#include <iterator>

#include "base/utf8.hpp"
#include "ui/imgui_compat.hpp"

namespace saccade {

namespace {

// Latin, Greek, punctuation, super- and subscripts, arrows, mathematics, shapes: what titles and formulas are made of.
constexpr ImWchar base_ranges[] = {0x20, 0x17f, 0x2b0, 0x2ff, 0x370, 0x3ff, 0x2010, 0x205e, 0x2070, 0x209f, 0};
constexpr char32_t signs[] = U"αβγδεΣσ√∞−·×÷±≤≥≠≈→←↑↓↦⇥↵␣∂∈⊙ᵀ✓✗▸▾▴◂•…“”‘’–—█░⟨⟩ħ×";
constexpr double ui_sizes[] = {13, 15, 19};
constexpr double mono_size = 14;

}  // namespace

FontAtlas::FontAtlas() {
    FT_Library library = nullptr;
    if (FT_Init_FreeType(&library) != 0)
        throw Error(ErrorCode::unsupported, "FreeType does not start", "install libfreetype6 again");
    freetype_.reset(library, FT_Done_FreeType);
    const FontFiles& files = find_fonts();
    ui_ = load(files.ui);
    mono_ = load(files.mono);
    if (!files.cjk.empty()) load(files.cjk);
    need(encode_utf8(U'�'));
    for (const char32_t c : signs)
        if (c != 0) need(encode_utf8(c));
}

FontAtlas::Source* FontAtlas::load(const FontFile& file) {
    Source& source = sources_[{file.path, file.face_index}];
    if (source.bytes.empty()) {
        std::ifstream stream(file.path, std::ios::binary);
        source.bytes.assign(std::istreambuf_iterator<char>(stream), {});
        source.face_index = file.face_index;
        if (source.bytes.empty())
            throw Error(ErrorCode::io, file.path + ": the font cannot be read", "install fonts-noto-core again");
        FT_Face face = nullptr;
        if (FT_New_Memory_Face(freetype_.get(), reinterpret_cast<const FT_Byte*>(source.bytes.data()),
                               static_cast<FT_Long>(source.bytes.size()), file.face_index, &face) == 0)
            source.face = {face, [library = freetype_](FT_Face done) { FT_Done_Face(done); }};
    }
    return &source;
}

bool FontAtlas::Source::has(char32_t code_point) const {
    return face && FT_Get_Char_Index(face.get(), code_point) != 0;
}

const FontAtlas::Source* FontAtlas::source_for(char32_t code_point) {
    const FontFiles& files = find_fonts();
    if (ui_->has(code_point)) return ui_;
    if (!files.cjk.empty() && load(files.cjk)->has(code_point)) return load(files.cjk);
    const std::optional<FontFile> other = font_with(code_point);
    return other ? load(*other) : nullptr;
}

void FontAtlas::need(std::string_view text) {
    bool plain = true;
    for (const char c : text) plain = plain && static_cast<unsigned char>(c) < 0x80;
    if (plain || compat::dynamic_glyphs) return;
    for (const char32_t c : decode_utf8(sanitize_utf8(text))) {
        if (c < 0x180 || c > 0xffff || !known_.insert(c).second) continue;  // ImGui of Debian 12 holds 16-bit characters
        if (const Source* source = source_for(c)) {
            extra_[source].insert(c);
            dirty_ = true;
        }
    }
}

bool FontAtlas::update(float ui_scale) {
    if (!dirty_ && ui_scale == scale_) return false;
    scale_ = ui_scale;
    build();
    dirty_ = false;
    return true;
}

void FontAtlas::build() {
    ImFontAtlas* atlas = ImGui::GetIO().Fonts;
    atlas->Clear();
    atlas->FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    atlas->FontBuilderFlags = ImGuiFreeTypeBuilderFlags_LightHinting;
    ranges_.clear();
    faces_.clear();
    const auto ranges_of = [&](const Source* source) -> const ImWchar* {
        std::vector<ImWchar> ranges;
        for (const char32_t c : extra_[source]) {
            const auto wide = static_cast<ImWchar>(c);
            if (!ranges.empty() && ranges.back() + 1 == wide) {
                ranges.back() = wide;
            } else {
                ranges.push_back(wide);
                ranges.push_back(wide);
            }
        }
        ranges.push_back(0);
        ranges_.push_back(std::move(ranges));
        return ranges_.back().data();
    };
    ranges_.reserve(256);  // ImGui keeps pointers to them until the build
    const auto add = [&](Source& source, double size, const ImWchar* ranges, bool merge) {
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.FontNo = source.face_index;
        config.MergeMode = merge;
        config.PixelSnapH = false;
        return atlas->AddFontFromMemoryTTF(source.bytes.data(), static_cast<int>(source.bytes.size()),
                                           std::round(static_cast<float>(size) * scale_), &config, ranges);
    };
    const auto add_face = [&](Font font, double size, Source& main) {
        ImFont* handle = add(main, size, base_ranges, false);
        for (auto& [key, source] : sources_)
            if (!extra_[&source].empty()) add(source, size, ranges_of(&source), true);
        faces_.push_back({font, size, handle});
    };
    for (const double size : ui_sizes) add_face(Font::ui, size, *ui_);
    add_face(Font::mono, mono_size, *mono_);
    atlas->Build();
    ImGui::GetIO().FontDefault = body();
}

ImFont* FontAtlas::face(Font font, double size) const {
    const Face* best = nullptr;
    for (const Face& face : faces_)
        if (face.font == font && (best == nullptr || std::abs(face.size - size) < std::abs(best->size - size))) best = &face;
    return best != nullptr ? best->handle : ImGui::GetFont();
}

}  // namespace saccade
