#include "ui/stand_ins.hpp"

#include <algorithm>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

constexpr char32_t last_held = 0xffff, unknown_sign = 0xfffd;

bool all_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// Four bytes of UTF-8 are what lies beyond 16 bits.
bool fits_16_bits(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0xf0; });
}

bool can_stand_in(char32_t c) {
    return c >= StandIns::first && c <= StandIns::last;
}

/// How each character of what a reader takes for one sign is shown in a field.
StandIns::Look look_of(char32_t c, const TypedText& read) {
    using Look = StandIns::Look;
    if (std::ranges::find(read.dropped, name_of_character(c)) != read.dropped.end()) return Look::code;
    const std::string alone = encode_utf8(c);
    if (read_typed(alone).characters.empty()) return Look::nothing;
    return visible_character(alone).starts_with("U+") ? Look::code : Look::glyph;
}

}  // namespace

char32_t StandIns::of(const Meaning& meaning) {
    const bool itself = meaning.look == Look::glyph && meaning.code <= last_held;
    if (itself && !can_stand_in(meaning.code)) return meaning.code;
    if (itself) met(meaning.code);
    if (const auto found = stand_ins_.find(meaning); found != stand_ins_.end()) return found->second;
    while (next_ >= first && meanings_.count(next_) != 0) --next_;
    if (next_ < first) return unknown_sign;  // over a thousand different ones
    stand_ins_.emplace(meaning, next_);
    meanings_.emplace(next_, meaning);
    return next_;
}

void StandIns::met(char32_t character) {
    if (!can_stand_in(character) || meanings_.count(character) != 0) return;
    const Meaning itself{character, Look::glyph};
    if (!stand_ins_.emplace(itself, character).second) return;
    meanings_.emplace(character, itself);
}

std::string StandIns::shown(std::string_view text) {
    if (fits_16_bits(text)) return std::string(text);
    std::string result;
    for (const char32_t c : decode_utf8(sanitize_utf8(text))) result += encode_utf8(c > last_held ? of({c, Look::glyph}) : c);
    return result;
}

std::string StandIns::known(std::string_view text) const {
    if (fits_16_bits(text)) return std::string(text);
    std::string result;
    for (const char32_t c : decode_utf8(sanitize_utf8(text))) {
        const auto found = c > last_held ? stand_ins_.find({c, Look::glyph}) : stand_ins_.end();
        result += encode_utf8(found == stand_ins_.end() ? c : found->second);
    }
    return result;
}

std::string StandIns::in_field(std::string_view text) {
    if (all_ascii(text)) return std::string(text);
    std::string result;
    for (const std::string& sign : graphemes(sanitize_utf8(text))) {
        if (all_ascii(sign)) {
            result += sign;
            continue;
        }
        const TypedText read = read_typed(sign);
        for (const char32_t c : decode_utf8(sign)) result += encode_utf8(c < 0x80 ? c : of({c, look_of(c, read)}));
    }
    return result;
}

std::string StandIns::meant(std::string_view field) const {
    if (all_ascii(field)) return std::string(field);
    std::string result;
    for (const char32_t c : decode_utf8(sanitize_utf8(field))) result += encode_utf8(meaning(c).code);
    return result;
}

char32_t StandIns::typed(char32_t code) {
    if (code < 0x80) return code;
    const std::u32string shown = decode_utf8(in_field(encode_utf8(code)));
    return shown.size() == 1 ? shown.front() : code;
}

StandIns::Meaning StandIns::meaning(char32_t character) const {
    const auto found = meanings_.find(character);
    return found == meanings_.end() ? Meaning{character, Look::glyph} : found->second;
}

}  // namespace saccade
