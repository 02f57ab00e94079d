#include "checkpoint/normalizer.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/utf8.hpp"
#include "checkpoint/byte_level.hpp"
#include "checkpoint/description.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

using nlohmann::json;

namespace {

bool is_ascii(std::string_view text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

void append_utf8(std::string& text, char32_t c) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes.data());
    text.append(reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length));
}

/// The text with each character replaced by what `change` appends.
template <class Change>
std::string changed(std::string_view text, Change change) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) change(take_code_point(text), result);
    return result;
}

bool is_chinese(char32_t c) {
    // As BERT's own code has them: an extension E that begins at U+2B920.
    static constexpr std::pair<char32_t, char32_t> blocks[] = {{0x4e00, 0x9fff},   {0x3400, 0x4dbf},   {0x20000, 0x2a6df},
                                                               {0x2a700, 0x2b73f}, {0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf},
                                                               {0xf900, 0xfaff},   {0x2f800, 0x2fa1f}};
    return std::any_of(std::begin(blocks), std::end(blocks), [=](const auto& b) { return c >= b.first && c <= b.second; });
}

char32_t lower(char32_t c) {
    return static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c)));
}

std::string stripped_text(std::string_view text, bool left, bool right) {
    std::size_t begin = 0, end = text.size();
    while (right && end > begin && is_white_space(last_code_point(text.substr(begin, end - begin)))) {
        do --end;
        while (end > begin && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U);
    }
    for (std::string_view rest = text.substr(0, end); left && !rest.empty() && is_white_space(take_code_point(rest));)
        begin = end - rest.size();
    return std::string(text.substr(begin, end - begin));
}

/// Google's neural machine translation: controls left out, odd spaces made plain.
void nmt_character(char32_t c, std::string& into) {
    if ((c >= 0x1 && c <= 0x8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f || c == 0x9f) return;
    const bool space = c == 0x9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 || (c >= 0x200b && c <= 0x200f) ||
                       c == 0x2028 || c == 0x2029 || c == 0x2581 || c == 0xfeff || c == 0xfffd;
    append_utf8(into, space ? U' ' : c);
}

Normalizer read_normalizer_sequence(const Description& part, const std::string& where) {
    std::vector<Normalizer> all;
    for (const json& one : part.steps("normalizers")) all.push_back(read_normalizer(one, where));
    return [all = std::move(all)](std::string text) {
        for (const Normalizer& normalizer : all) {
            text = normalizer(std::move(text));
            check_grown(text.size());
        }
        return text;
    };
}

Normalizer read_bert_normalizer(const Description& part) {
    BertNormalizing how;
    how.clean_text = part.toggle("clean_text", true);
    how.chinese_characters = part.toggle("handle_chinese_chars", true);
    how.lowercase = part.toggle("lowercase", true);
    how.strip_accents = part.toggle("strip_accents", how.lowercase);
    return [how](const std::string& text) { return bert_normalized(text, how); };
}

}  // namespace

std::string normal_form(std::string_view text, NormalForm form) {
    if (is_ascii(text)) return std::string(text);
    const bool compatibility = form == NormalForm::nfkc || form == NormalForm::nfkd;
    const bool compose = form == NormalForm::nfc || form == NormalForm::nfkc;
    const auto options =
        static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0));
    std::vector<utf8proc_int32_t> all;
    all.reserve(text.size() + 18);
    std::size_t marks = 0;  // where the run of marks at the end begins
    const auto combining = [](utf8proc_int32_t c) { return utf8proc_get_property(c)->combining_class; };
    // utf8proc puts marks into order by exchanging neighbours, which takes for ever on a long run of them: sorted here.
    const auto sort_marks = [&] {
        std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(marks), all.end(),
                         [&](auto a, auto b) { return combining(a) < combining(b); });
    };
    while (!text.empty()) {
        std::array<utf8proc_int32_t, 32> parts{};  // none has more than 18
        int last_class = UTF8PROC_BOUNDCLASS_START;
        const auto c = static_cast<utf8proc_int32_t>(take_code_point(text));
        const auto count =
            utf8proc_decompose_char(c, parts.data(), static_cast<utf8proc_ssize_t>(parts.size()), options, &last_class);
        for (utf8proc_ssize_t i = 0; i < count; ++i) {
            const utf8proc_int32_t part = parts[static_cast<std::size_t>(i)];
            if (combining(part) == 0) {
                if (all.size() > marks + 1) sort_marks();
                marks = all.size() + 1;
            }
            all.push_back(part);
        }
    }
    if (all.size() > marks + 1) sort_marks();
    auto count = static_cast<utf8proc_ssize_t>(all.size());
    if (compose)
        count = utf8proc_normalize_utf32(all.data(), count, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
    std::string result;
    for (utf8proc_ssize_t i = 0; i < count; ++i) append_utf8(result, static_cast<char32_t>(all[static_cast<std::size_t>(i)]));
    return result;
}

std::string lower_case(std::string_view text) {
    return changed(text, [](char32_t c, std::string& into) {
        if (c == 0x130)  // İ is the one whose lower case has two characters
            into += "i\u0307";
        else
            append_utf8(into, lower(c));
    });
}

std::string bert_normalized(std::string_view text, const BertNormalizing& how) {
    std::string result(text);
    if (how.clean_text)
        result = changed(result, [](char32_t c, std::string& into) {
            const bool blank = is_white_space(c);
            if (c == 0 || c == 0xfffd || (is_control(c) && c != '\t' && c != '\n' && c != '\r')) return;
            append_utf8(into, blank ? U' ' : c);
        });
    if (how.chinese_characters)
        result = changed(result, [](char32_t c, std::string& into) {
            const bool alone = is_chinese(c);
            if (alone) into += ' ';
            append_utf8(into, c);
            if (alone) into += ' ';
        });
    if (how.strip_accents)
        result = changed(normal_form(result, NormalForm::nfd), [](char32_t c, std::string& into) {
            if (!is_nonspacing_mark(c)) append_utf8(into, c);
        });
    return how.lowercase ? lower_case(result) : result;
}

Normalizer read_normalizer(const json& description, const std::string& where) {
    if (description.is_null()) return [](std::string text) { return text; };
    const Description part(description, where);
    const std::string& type = part.type();
    const auto form = [](NormalForm f) { return [f](const std::string& text) { return normal_form(text, f); }; };
    if (type == "NFC") return form(NormalForm::nfc);
    if (type == "NFD") return form(NormalForm::nfd);
    if (type == "NFKC") return form(NormalForm::nfkc);
    if (type == "NFKD") return form(NormalForm::nfkd);
    if (type == "BertNormalizer") return read_bert_normalizer(part);
    if (type == "Lowercase") return lower_case;
    if (type == "Sequence") return read_normalizer_sequence(part, where);
    if (type == "Precompiled") return read_precompiled(part.text("precompiled_charsmap", ""), where);
    if (type == "Nmt") return [](const std::string& text) { return changed(text, nmt_character); };
    if (type == "ByteLevel") return byte_characters;
    if (type == "StripAccents")
        return [](const std::string& text) {
            return changed(text, [](char32_t c, std::string& into) {
                if (!is_mark(c)) append_utf8(into, c);
            });
        };
    if (type == "Strip")
        return [left = part.toggle("strip_left", true), right = part.toggle("strip_right", true)](const std::string& text) {
            return stripped_text(text, left, right);
        };
    if (type == "Prepend")
        return [front = part.text("prepend", "▁")](const std::string& text) { return text.empty() ? text : front + text; };
    if (type == "Replace")
        return [pattern = part.pattern("pattern"), content = part.text("content", "")](const std::string& text) {
            return pattern.replaced(text, content);
        };
    part.refuse();
}

}  // namespace saccade
