#include "ui/font_atlas.hpp"

#include <fmt/format.h>
#include <glad/gl.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "io/input_file.hpp"
#include "ui/imgui_compat.hpp"

#define STBTT_STATIC
#define STB_TRUETYPE_IMPLEMENTATION
#include <imstb_truetype.h>

namespace saccade {

namespace {

constexpr double ui_sizes[] = {11, 12, 13, 15, 18};
constexpr double mono_sizes[] = {11, 14};
constexpr int texture_width = 1024, most_height = 8192;
constexpr float large_scale = 2;  // from here on the texture is twice as wide
constexpr float large_em = 40;    // px: letters that stand at whole pixels keep their rhythm
constexpr std::uint64_t frames_kept = 240;
constexpr char32_t replacement = 0xfffd;

}  // namespace

struct FontAtlas::Source {
    std::string bytes;
    int face_index = 0;
    stbtt_fontinfo info{};
    double ascent = 1, descent = 0.3;  // em

    int glyph(char32_t code_point) const { return stbtt_FindGlyphIndex(&info, static_cast<int>(code_point)); }
    double line() const { return ascent + descent; }
};

FontAtlas::FontAtlas() {
    const FontFiles& files = find_fonts();
    ui_ = load(files.ui);
    mono_ = load(files.mono.empty() ? files.ui : files.mono);
    if (ui_ == nullptr || mono_ == nullptr)
        throw Error(ErrorCode::bad_format, files.ui.path + ": the font cannot be read", "install fonts-noto-core again");
    is_new(replacement);
    for (char32_t c = 0x20; c < 0x7f; ++c) is_new(c);
}

FontAtlas::~FontAtlas() = default;

FontAtlas::Source* FontAtlas::load(const FontFile& file) {
    const auto [entry, is_new] = sources_.try_emplace({file.path, file.face_index});
    if (!is_new) return entry->second.get();
    auto source = std::make_unique<Source>();
    source->bytes = read_file(file.path);
    source->face_index = file.face_index;
    const auto* data = reinterpret_cast<const unsigned char*>(source->bytes.data());
    const int offset = stbtt_GetFontOffsetForIndex(data, file.face_index);
    if (offset < 0 || stbtt_InitFont(&source->info, data, offset) == 0) return nullptr;
    int ascent = 0, descent = 0, gap = 0;
    stbtt_GetFontVMetrics(&source->info, &ascent, &descent, &gap);
    const auto em = static_cast<double>(stbtt_ScaleForMappingEmToPixels(&source->info, 1));
    source->ascent = ascent * em;
    source->descent = -descent * em;
    entry->second = std::move(source);
    return entry->second.get();
}

double FontAtlas::ascent(Font font) const {
    return main_source(font).ascent;
}
double FontAtlas::descent(Font font) const {
    return main_source(font).descent;
}
float FontAtlas::imgui_size(Font font, double size) const {
    return static_cast<float>(size * main_source(font).line()) * scale_;
}

ImFont* FontAtlas::face(Font font, double size) const {
    const Face* best = nullptr;
    for (const Face& face : faces_)
        if (face.font == font && (best == nullptr || std::abs(face.size - size) < std::abs(best->size - size))) best = &face;
    return best != nullptr ? best->handle : ImGui::GetFont();
}

const FontAtlas::Source* FontAtlas::source_for(char32_t code_point, Font font) {
    if (main_source(font).glyph(code_point) != 0) return &main_source(font);
    if (ui_->glyph(code_point) != 0) return ui_;
    const FontFiles& files = find_fonts();
    if (!files.cjk.empty())
        if (const Source* cjk = load(files.cjk); cjk != nullptr && cjk->glyph(code_point) != 0) return cjk;
    const std::optional<FontFile> other = font_with(code_point);
    const Source* source = other ? load(*other) : nullptr;
    return source != nullptr && source->glyph(code_point) != 0 ? source : nullptr;
}

bool FontAtlas::is_new(char32_t code_point) {
    const auto [entry, added] = known_.try_emplace(code_point, frame_);
    entry->second = frame_;
    return added;
}

/// Higher, or, where a texture may not be, without the characters that nobody has needed for a while. False: they are too few.
bool FontAtlas::make_room() {
    if (room_height_ < most_height) {
        room_height_ *= 2;
        return true;
    }
    const std::size_t all = known_.size();
    const auto old = [&](const auto& entry) {
        return entry.first >= 0x80 && entry.first != replacement && entry.second + frames_kept < frame_;
    };
    if (8 * static_cast<std::size_t>(std::ranges::count_if(known_, old)) < all) return false;
    std::erase_if(known_, old);
    return true;
}

bool FontAtlas::update(float ui_scale) {
    ++frame_;
    const bool roomier = full_ && make_room();
    if (built_ && !roomier && ui_scale == scale_) return false;
    scale_ = ui_scale;
    built_ = true;
    full_ = false;
    build();
    return true;
}

void FontAtlas::need(std::string_view text) {
    if (heard_ != nullptr) heard_->drawn.emplace(text);
    if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return;
    std::vector<char32_t> missing;
    for (const char32_t c : decode_utf8(sanitize_utf8(stand_ins_.shown(text)))) {
        stand_ins_.met(c);
        if (c >= 0x80 && is_new(c)) missing.push_back(c);
    }
    if (!missing.empty() && built_) add_glyphs(missing);
}

#if IMGUI_VERSION_NUM >= 19200

// This ImGui draws glyphs into its texture by itself, when it first meets them; it only has to know the files.

void FontAtlas::add_glyphs(const std::vector<char32_t>& code_points) {
    for (const char32_t c : code_points) source_for(c, Font::ui);
}

void FontAtlas::build() {
    ImFontAtlas* atlas = ImGui::GetIO().Fonts;
    atlas->Clear();
    faces_.clear();
    const auto add = [&](Source& source, double size, bool merge) {
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.FontNo = static_cast<ImU32>(source.face_index);
        config.MergeMode = merge;
        // A stand-in's own glyph would be another character's.
        static constexpr ImWchar stand_ins[] = {StandIns::first, StandIns::last, 0};
        config.GlyphExcludeRanges = stand_ins;
        return atlas->AddFontFromMemoryTTF(source.bytes.data(), static_cast<int>(source.bytes.size()),
                                           static_cast<float>(size * source.line()) * scale_, &config);
    };
    const auto add_face = [&](Font font, double size) {
        ImFont* handle = add(main_source(font), size, false);
        if (font == Font::mono) add(*ui_, size, true);
        if (Source* cjk = find_fonts().cjk.empty() ? nullptr : load(find_fonts().cjk)) add(*cjk, size, true);
        faces_.push_back({font, size, handle});
    };
    for (const double size : ui_sizes) add_face(Font::ui, size);
    for (const double size : mono_sizes) add_face(Font::mono, size);
    ImGui::GetIO().FontDefault = body();
}

#else

void FontAtlas::build() {
    ImFontAtlas* atlas = ImGui::GetIO().Fonts;
    atlas->Clear();
    atlas->Flags |= ImFontAtlasFlags_NoMouseCursors | ImFontAtlasFlags_NoPowerOfTwoHeight;
    atlas->TexDesiredWidth = scale_ > large_scale ? 2 * texture_width : texture_width;
    faces_.clear();
    static constexpr ImWchar blank[] = {0x20, 0x20, 0};
    const auto add_face = [&](Font font, double size) {
        Source& source = main_source(font);
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.FontNo = source.face_index;
        config.OversampleH = 1;
        ImFont* handle = atlas->AddFontFromMemoryTTF(source.bytes.data(), static_cast<int>(source.bytes.size()),
                                                     imgui_size(font, size), &config, blank);
        faces_.push_back({font, size, handle});
    };
    for (const double size : ui_sizes) add_face(Font::ui, size);
    for (const double size : mono_sizes) add_face(Font::mono, size);
    const int rect = atlas->AddCustomRectRegular(atlas->TexDesiredWidth - 4, room_height_);
    unsigned char* pixels = nullptr;
    int width = 0, height = 0;
    atlas->GetTexDataAsRGBA32(&pixels, &width, &height);
    const ImFontAtlasCustomRect& place = *atlas->GetCustomRectByIndex(rect);
    room_ = {place.X, place.Y, place.Width, place.Height, 0, 0, 0};
    ImGui::GetIO().FontDefault = body();
    std::vector<char32_t> all;
    for (const auto& [code_point, last] : known_) all.push_back(code_point);
    std::ranges::sort(all);
    add_glyphs(all);
    for (const Face& face : faces_) {
        face.handle->FallbackChar = static_cast<ImWchar>(replacement);
        face.handle->BuildLookupTable();
    }
}

/// The table over all code points up to the largest is filled anew by its builder, which takes longer than all the glyphs of a
/// text: what has come since is put into it.
void FontAtlas::find_last_glyph(ImFont& font) {
    const ImFontGlyph& glyph = font.Glyphs.back();
    const auto at = static_cast<int>(glyph.Codepoint);
    const int known = font.IndexAdvanceX.Size;
    font.GrowIndex(at + 1);
    for (int unknown = known; unknown < font.IndexAdvanceX.Size; ++unknown) font.IndexAdvanceX[unknown] = font.FallbackAdvanceX;
    font.IndexAdvanceX[at] = glyph.AdvanceX;
    font.IndexLookup[at] = static_cast<ImWchar>(font.Glyphs.Size - 1);
    font.DirtyLookupTables = false;
}

void FontAtlas::add_glyphs(const std::vector<char32_t>& code_points) {
    for (const Face& face : faces_)
        for (const char32_t c : code_points) add_glyph(face, c);
}

bool FontAtlas::take(int width, int height, int& x, int& y) {
    if (room_.at_x + width > room_.width) {
        room_.at_x = 0;
        room_.at_y += room_.row_height;
        room_.row_height = 0;
    }
    if (room_.at_y + height > room_.height) return false;
    x = room_.x + room_.at_x;
    y = room_.y + room_.at_y;
    room_.at_x += width;
    room_.row_height = std::max(room_.row_height, height);
    return true;
}

FontAtlas::Drawn FontAtlas::draw_glyph(const Source& source, char32_t code_point, float em) const {
    const float scale = stbtt_ScaleForMappingEmToPixels(&source.info, em);
    const int glyph = source.glyph(code_point);
    // Three samples a pixel across, so that letters may stand at fractions of a pixel and words keep their rhythm; Chinese
    // characters are wide enough for two.
    Drawn drawn;
    drawn.samples = em > large_em ? 1 : code_point < 0x2e80 ? 3 : 2;
    const float across = scale * static_cast<float>(drawn.samples);
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0, advance = 0, bearing = 0;
    stbtt_GetGlyphBitmapBox(&source.info, glyph, across, scale, &x0, &y0, &x1, &y1);
    stbtt_GetGlyphHMetrics(&source.info, glyph, &advance, &bearing);
    drawn.width = x1 > x0 ? x1 - x0 + drawn.samples - 1 : 0;
    drawn.height = y1 > y0 ? y1 - y0 : 0;
    float shift_x = 0, shift_y = 0;
    if (drawn.width > 0 && drawn.height > 0) {
        drawn.coverage.resize(static_cast<std::size_t>(drawn.width * drawn.height));
        stbtt_MakeGlyphBitmapSubpixelPrefilter(&source.info, drawn.coverage.data(), drawn.width, drawn.height, drawn.width,
                                               across, scale, 0, 0, drawn.samples, 1, &shift_x, &shift_y, glyph);
    }
    drawn.left = static_cast<float>(x0) / static_cast<float>(drawn.samples) + shift_x;
    drawn.top = static_cast<float>(y0) + shift_y;
    drawn.advance = static_cast<float>(advance) * scale;
    return drawn;
}

/// A box with the code in two rows.
FontAtlas::Drawn FontAtlas::draw_code(char32_t code_point, float em) const {
    std::string code = fmt::format("{:04X}", static_cast<unsigned>(code_point));
    if (code.size() % 2 != 0) code = "0" + code;
    const auto columns = static_cast<int>(code.size() / 2);
    const float scale = stbtt_ScaleForMappingEmToPixels(&mono_->info, std::max(6.0f, 0.52f * em));
    int x0 = 0, y0 = 0, x1 = 0, y1 = 0, advance = 0, bearing = 0;
    stbtt_GetCodepointBitmapBox(&mono_->info, '0', scale, scale, &x0, &y0, &x1, &y1);
    stbtt_GetCodepointHMetrics(&mono_->info, '0', &advance, &bearing);
    const int pitch = static_cast<int>(std::lround(static_cast<float>(advance) * scale)), row = y1 - y0 + 1;
    Drawn drawn;
    drawn.width = columns * pitch + 4;
    drawn.height = 2 * row + 4;
    drawn.coverage.assign(static_cast<std::size_t>(drawn.width * drawn.height), 0);
    const auto at = [&](int x, int y) -> unsigned char& {
        return drawn.coverage[static_cast<std::size_t>(y * drawn.width + x)];
    };
    for (int x = 0; x < drawn.width; ++x) at(x, 0) = at(x, drawn.height - 1) = 110;
    for (int y = 0; y < drawn.height; ++y) at(0, y) = at(drawn.width - 1, y) = 110;
    for (int i = 0; i < static_cast<int>(code.size()); ++i) {
        int width = 0, height = 0, left = 0, top = 0;
        unsigned char* digit = stbtt_GetCodepointBitmap(&mono_->info, scale, scale, code[static_cast<std::size_t>(i)], &width,
                                                        &height, &left, &top);
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const int to_x = 2 + (i % columns) * pitch + left + x, to_y = 2 + (i / columns) * row + top - y0 + y;
                if (to_x > 0 && to_x < drawn.width - 1 && to_y > 0 && to_y < drawn.height - 1)
                    at(to_x, to_y) = std::max(at(to_x, to_y), digit[y * width + x]);
            }
        stbtt_FreeBitmap(digit, nullptr);
    }
    drawn.left = 1;
    drawn.top = -std::round(0.36f * em + static_cast<float>(drawn.height) / 2);  // around the middle of small letters
    drawn.advance = static_cast<float>(drawn.width + 2);
    return drawn;
}

void FontAtlas::add_glyph(const Face& face, char32_t code_point) {
    if (code_point == U' ') return;
    const StandIns::Meaning meaning = stand_ins_.meaning(code_point);
    const Source* source = meaning.look == StandIns::Look::glyph ? source_for(meaning.code, face.font) : nullptr;
    const float em = static_cast<float>(face.size) * scale_;
    Drawn drawn;
    if (source != nullptr)
        drawn = draw_glyph(*source, meaning.code, em);
    else if (meaning.look == StandIns::Look::code || !read_typed(encode_utf8(meaning.code)).characters.empty())
        drawn = draw_code(meaning.code, em);
    const int width = drawn.width, height = drawn.height;
    int x = 0, y = 0;
    if (!take(width + 1, height + 1, x, y)) {
        full_ = true;  // drawn as unknown until the next update() makes more room
        return;
    }
    ImFontAtlas* atlas = ImGui::GetIO().Fonts;
    if (width > 0 && height > 0) {
        std::vector<ImU32> pixels(drawn.coverage.size());
        std::transform(drawn.coverage.begin(), drawn.coverage.end(), pixels.begin(),
                       [](unsigned char a) { return IM_COL32(255, 255, 255, a); });
        for (int row = 0; row < height; ++row)
            std::copy_n(pixels.begin() + row * width, width, atlas->TexPixelsRGBA32 + (y + row) * atlas->TexWidth + x);
        if (const auto texture = static_cast<GLuint>(reinterpret_cast<std::uintptr_t>(atlas->TexID)); texture != 0) {
            glBindTexture(GL_TEXTURE_2D, texture);
            glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
            glTexSubImage2D(GL_TEXTURE_2D, 0, x, y, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
        }
    }
    const float left = drawn.left, top = drawn.top + std::round(face.handle->Ascent);
    const ImVec2 uv = atlas->TexUvScale;
    face.handle->AddGlyph(nullptr, static_cast<ImWchar>(code_point), left, top,
                          left + static_cast<float>(width) / static_cast<float>(drawn.samples),
                          top + static_cast<float>(height), static_cast<float>(x) * uv.x, static_cast<float>(y) * uv.y,
                          static_cast<float>(x + width) * uv.x, static_cast<float>(y + height) * uv.y, drawn.advance);
    find_last_glyph(*face.handle);
}

#endif

}  // namespace saccade
