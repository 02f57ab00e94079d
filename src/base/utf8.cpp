#include "base/utf8.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include "base/error.hpp"

namespace saccade {

namespace {

struct CodePoint {
    char32_t code_point = 0;
    std::size_t length = 0;  // 0: no valid sequence starts here
};

CodePoint decode_one(std::string_view text, std::size_t offset) {
    // Most of what is drawn is ASCII, in every frame.
    if (const auto byte = static_cast<unsigned char>(text[offset]); byte < 0x80) return {byte, 1};
    utf8proc_int32_t code_point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + offset;
    const auto left = static_cast<utf8proc_ssize_t>(text.size() - offset);
    const utf8proc_ssize_t length = utf8proc_iterate(bytes, left, &code_point);
    if (length <= 0) return {};
    return {static_cast<char32_t>(code_point), static_cast<std::size_t>(length)};
}

/// Calls visit(code_point, offset, length) for each code point in order. Throws on the first invalid byte.
template <class Visit>
void for_each_code_point(std::string_view text, Visit visit) {
    for (std::size_t offset = 0; offset < text.size();) {
        const CodePoint decoded = decode_one(text, offset);
        if (decoded.length == 0) {
            throw Error(ErrorCode::invalid_input, fmt::format("text is not UTF-8: invalid byte at offset {}", offset),
                        "save it as UTF-8");
        }
        visit(decoded.code_point, offset, decoded.length);
        offset += decoded.length;
    }
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
    for (std::size_t offset = 0; offset < text.size();) {
        const CodePoint decoded = decode_one(text, offset);
        if (decoded.length == 0) return offset;
        offset += decoded.length;
    }
    return std::string_view::npos;
}

std::string sanitize_utf8(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    bool in_invalid = false;
    for (std::size_t offset = 0; offset < text.size();) {
        const CodePoint decoded = decode_one(text, offset);
        if (decoded.length == 0) {
            // Continuation bytes after a broken start belong to the same mistake: one mark for all of them.
            const bool continuation = (static_cast<unsigned char>(text[offset]) & 0xc0U) == 0x80U;
            if (!(in_invalid && continuation)) result += "\xef\xbf\xbd";
            in_invalid = true;
            ++offset;
            continue;
        }
        in_invalid = false;
        result.append(text.substr(offset, decoded.length));
        offset += decoded.length;
    }
    return result;
}

std::vector<std::string> code_points(std::string_view text) {
    std::vector<std::string> result;
    for_each_code_point(
        text, [&](char32_t, std::size_t offset, std::size_t length) { result.emplace_back(text.substr(offset, length)); });
    return result;
}

std::vector<std::string> graphemes(std::string_view text) {
    std::vector<std::string> result;
    utf8proc_int32_t previous = 0;
    utf8proc_int32_t state = 0;
    for_each_code_point(text, [&](char32_t code_point, std::size_t offset, std::size_t length) {
        const auto current = static_cast<utf8proc_int32_t>(code_point);
        const bool starts = result.empty() || utf8proc_grapheme_break_stateful(previous, current, &state);
        if (starts) {
            result.emplace_back(text.substr(offset, length));
        } else {
            result.back().append(text.substr(offset, length));
        }
        previous = current;
    });
    return result;
}

int display_width(std::string_view text) {
    int width = 0;
    for (const std::string& cluster : graphemes(text)) {
        // A cluster is as wide as its widest code point: modifiers and joined emoji draw over each other.
        int cluster_width = 0;
        for_each_code_point(cluster, [&](char32_t code_point, std::size_t, std::size_t) {
            const int w = utf8proc_charwidth(static_cast<utf8proc_int32_t>(code_point));
            if (w > cluster_width) cluster_width = w;
        });
        width += cluster_width;
    }
    return width;
}

std::string encode_utf8(char32_t code_point) {
    const auto value = static_cast<utf8proc_int32_t>(code_point);
    if (!utf8proc_codepoint_valid(value)) {
        throw Error(ErrorCode::invalid_input,
                    fmt::format("{:#x} is not a Unicode code point", static_cast<unsigned>(code_point)));
    }
    utf8proc_uint8_t bytes[4];
    const utf8proc_ssize_t length = utf8proc_encode_char(value, bytes);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(length)};
}

std::u32string decode_utf8(std::string_view text) {
    std::u32string result;
    for_each_code_point(text, [&](char32_t code_point, std::size_t, std::size_t) { result.push_back(code_point); });
    return result;
}

std::string shorten(std::string_view text, std::size_t n) {
    const std::string clean = sanitize_utf8(text);
    const std::vector<std::string> characters = code_points(clean);
    if (characters.size() <= n) return clean;
    std::string result;
    for (std::size_t i = 0; i + 1 < n; ++i) result += characters[i];
    return n == 0 ? result : result + "\xe2\x80\xa6";
}

}  // namespace saccade
