#include "base/typed_text.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "base/utf8.hpp"

namespace saccade {

namespace {

const utf8proc_property_t& property_of(char32_t c) {
    return *utf8proc_get_property(static_cast<utf8proc_int32_t>(c));
}

bool ignorable(char32_t c) {
    // Hangul fillers are letters that draw nothing.
    return property_of(c).ignorable != 0 || c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0;
}

bool noncharacter(char32_t c) {
    return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

bool emoji(char32_t c) {
    const auto kind = property_of(c).boundclass;
    return kind == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC || kind == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR;
}

/// Families, skin tones, flags: pictures that one cluster of code points draws together.
bool joined_emoji(const std::u32string& cluster) {
    std::size_t seen = 0;
    for (const char32_t c : cluster) seen += ignorable(c) ? 0 : 1;
    return seen > 1 && emoji(cluster.front());
}

std::string utf8(const std::u32string& characters) {
    std::string text;
    for (const char32_t c : characters) text += encode_utf8(c);
    return text;
}

}  // namespace

std::string nfkc(std::string_view text) {
    std::string clean = sanitize_utf8(text);
    if (std::ranges::all_of(clean, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return clean;
    utf8proc_uint8_t* raw = nullptr;
    const utf8proc_ssize_t size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()), static_cast<utf8proc_ssize_t>(clean.size()), &raw,
                     static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
    const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
    return size < 0 ? clean : std::string(reinterpret_cast<const char*>(raw), static_cast<std::size_t>(size));
}

std::vector<std::string> TypedText::read() const {
    std::vector<std::string> all;
    for (const TypedCharacter& c : characters) all.push_back(c.read);
    return all;
}

std::vector<std::string> TypedText::shown() const {
    std::vector<std::string> all;
    for (const TypedCharacter& c : characters) all.push_back(c.shown);
    return all;
}

TypedText read_typed(std::string_view text) {
    TypedText typed;
    for (const std::string& cluster : graphemes(text)) {
        const std::u32string as_typed = decode_utf8(cluster);
        if (joined_emoji(as_typed)) {
            typed.characters.push_back({cluster, cluster});
            continue;
        }
        std::u32string seen;
        for (const char32_t c : as_typed) {
            if (!ignorable(c)) {
                seen += c;
                continue;
            }
            // The sign that asks for an emoji's coloured form belongs to it; anything else was not meant to be there.
            if (c >= 0xfe00 && c <= 0xfe0f && !seen.empty()) continue;
            if (const std::string name = name_of_character(c); std::ranges::find(typed.dropped, name) == typed.dropped.end())
                typed.dropped.push_back(name);
        }
        if (seen.empty()) continue;
        const std::vector<std::string> read = code_points(nfkc(utf8(seen)));
        for (const std::string& c : read) typed.characters.push_back({c, read.size() == 1 ? utf8(seen) : c});
    }
    return typed;
}

std::string read_text_of(std::string_view text) {
    if (std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return std::string(text);
    std::string all;
    for (const TypedCharacter& c : read_typed(sanitize_utf8(text)).characters) all += c.read;
    return all;
}

std::string name_of_character(char32_t c) {
    struct Named {
        char32_t code;
        const char* name;
    };
    static constexpr std::array<Named, 17> names{{{0x00a0, "no-break space"},
                                                  {0x00ad, "soft hyphen"},
                                                  {0x034f, "combining grapheme joiner"},
                                                  {0x061c, "Arabic letter mark"},
                                                  {0x180e, "Mongolian vowel separator"},
                                                  {0x200b, "zero width space"},
                                                  {0x200c, "zero width non-joiner"},
                                                  {0x200d, "zero width joiner"},
                                                  {0x200e, "left-to-right mark"},
                                                  {0x200f, "right-to-left mark"},
                                                  {0x202a, "left-to-right embedding"},
                                                  {0x202c, "pop directional formatting"},
                                                  {0x2060, "word joiner"},
                                                  {0x2063, "invisible separator"},
                                                  {0x3164, "Hangul filler"},
                                                  {0xfe0f, "variation selector 16"},
                                                  {0xfeff, "byte order mark"}}};
    const auto found = std::ranges::find(names, c, &Named::code);
    const auto code = static_cast<unsigned>(c);
    return found == names.end() ? fmt::format("U+{:04X}", code) : fmt::format("U+{:04X} {}", code, found->name);
}

std::string visible_character(std::string_view character) {
    const std::string clean = sanitize_utf8(character);
    const std::u32string code = decode_utf8(clean);
    if (code.empty()) return clean;
    const char32_t c = code.front();
    if (c == U'\t') return "⇥";
    if (c == U'\n' || c == U'\r' || c == 0x2028 || c == 0x2029) return "↵";
    const utf8proc_category_t category = utf8proc_category(static_cast<utf8proc_int32_t>(c));
    if (category == UTF8PROC_CATEGORY_ZS) return code.size() == 1 ? "␣" : clean;
    if (code.size() > 1) return drawable_text(clean);
    if (category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_ME) return "◌" + clean;
    const bool drawn = !ignorable(c) && !noncharacter(c) && category != UTF8PROC_CATEGORY_CC &&
                       category != UTF8PROC_CATEGORY_CF && category != UTF8PROC_CATEGORY_CN && category != UTF8PROC_CATEGORY_CO;
    return drawn ? clean : fmt::format("U+{:04X}", static_cast<unsigned>(c));
}

std::string drawable_text(std::string_view text) {
    const std::string clean = sanitize_utf8(text);
    const auto refused = [](char32_t c) {
        return (c < 0x20 && c != U'\t' && c != U'\n' && c != U'\r') || (c >= 0x7f && c < 0xa0) || noncharacter(c);
    };
    const std::u32string code = decode_utf8(clean);
    if (std::ranges::none_of(code, refused)) return clean;
    std::string result;
    for (const char32_t c : code) result += refused(c) ? "\xef\xbf\xbd" : encode_utf8(c);
    return result;
}

}  // namespace saccade
