#include "viz/shaped_text.hpp"

#include <pango/pangocairo.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr int most_px_wide = 8192;

struct ScriptBlock {
    char32_t first, last;
};
/// Blocks of Unicode whose signs combine, join, stand above each other or run from right to left.
constexpr std::array<ScriptBlock, 14> shaped_blocks{{
    {0x0300, 0x036f},  // combining marks
    {0x0483, 0x0489},  // of Cyrillic
    {0x0590, 0x08ff},  // Hebrew, Arabic, Syriac, Thaana, N'Ko, Samaritan, Mandaic
    {0x0900, 0x0dff},  // scripts of India and Sri Lanka
    {0x0e00, 0x0fff},  // Thai, Lao, Tibetan
    {0x1000, 0x109f},  // Burmese
    {0x135d, 0x135f},  // of Ethiopic
    {0x1700, 0x18af},  // of the Philippines, Khmer, Mongolian
    {0x1900, 0x1aff},  // Limbu to Tai Tham, and more combining marks
    {0x1b00, 0x1c4f},  // Balinese to Lepcha
    {0x1cd0, 0x1dff},  // Vedic signs, combining marks
    {0x20d0, 0x20ff},  // combining marks for symbols
    {0xa8e0, 0xaaff},  // Devanagari extended to Meetei Mayek
    {0xfb1d, 0xfefc},  // presentation forms of Hebrew and Arabic, half marks
}};

struct EndSurface {
    void operator()(cairo_surface_t* s) const { cairo_surface_destroy(s); }
};
struct EndContext {
    void operator()(cairo_t* c) const { cairo_destroy(c); }
};

}  // namespace

bool needs_shaping(std::string_view text) {
    // Latin, and what is made of three bytes from U+2000 on but a few: told by the first byte.
    const bool plain = std::ranges::none_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte >= 0xcc && byte <= 0xe2) || byte == 0xea || byte == 0xef || byte == 0xf0;
    });
    if (plain) return false;
    for (const char32_t c : decode_utf8(sanitize_utf8(std::string(text)))) {
        if (c >= 0x10800 && c <= 0x11fff) return true;  // old scripts from right to left, and of India
        if (c >= 0xfe00 && c <= 0xfe0f) continue;       // a choice of form for the sign before
        if (std::ranges::any_of(shaped_blocks, [&](const ScriptBlock& range) { return c >= range.first && c <= range.last; }))
            return true;
    }
    return false;
}

TextCoverage text_coverage(const std::string& text, double size, Font font, const PangoTextMeasure& measure) {
    PangoLayout* layout = measure.layout(text, size, font);
    PangoRectangle ink{};
    pango_layout_get_extents(layout, &ink, nullptr);
    const auto px = [](int units) { return static_cast<double>(units) / PANGO_SCALE; };
    const double baseline = px(pango_layout_get_baseline(layout)), x = std::floor(px(ink.x)) - 1, y = std::floor(px(ink.y)) - 1;
    TextCoverage cover;
    cover.width = static_cast<int>(std::ceil(px(ink.x + ink.width)) + 1 - x);
    cover.height = static_cast<int>(std::ceil(px(ink.y + ink.height)) + 1 - y);
    if (cover.width > most_px_wide || cover.height > most_px_wide || ink.width <= 0) return {};
    cover.left = -x;
    cover.baseline = baseline - y;
    const std::unique_ptr<cairo_surface_t, EndSurface> surface(
        cairo_image_surface_create(CAIRO_FORMAT_A8, cover.width, cover.height));
    const std::unique_ptr<cairo_t, EndContext> cr(cairo_create(surface.get()));
    cairo_translate(cr.get(), -x, -y);
    pango_cairo_show_layout(cr.get(), layout);
    cairo_surface_flush(surface.get());
    const unsigned char* rows = cairo_image_surface_get_data(surface.get());
    if (rows == nullptr) return {};
    const int stride = cairo_image_surface_get_stride(surface.get());
    for (int row = 0; row < cover.height; ++row)
        cover.alpha.insert(cover.alpha.end(), rows + row * stride, rows + row * stride + cover.width);
    return cover;
}

}  // namespace saccade
