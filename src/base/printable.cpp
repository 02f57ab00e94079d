#include "base/printable.hpp"

#include <fmt/core.h>
#include <utf8proc.h>

#include <algorithm>

#include "base/utf8.hpp"

namespace saccade {

namespace {

/// A terminal takes these for commands, or shows what follows in another order than it is written.
bool is_unseen(utf8proc_int32_t c) {
    const bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    const bool line_end = c == 0x2028 || c == 0x2029;
    const bool direction = (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return control || line_end || direction;
}

bool is_plain_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
}

template <class Write>
std::string rewritten(std::string_view text, const Write& write_unseen) {
    if (is_plain_ascii(text)) return std::string(text);
    const std::string clean = sanitize_utf8(text);
    std::string result;
    result.reserve(clean.size());
    for (std::size_t at = 0; at < clean.size();) {
        utf8proc_int32_t c = 0;
        const auto length = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(clean.data()) + at,
                                             static_cast<utf8proc_ssize_t>(clean.size() - at), &c);
        if (is_unseen(c))
            result += write_unseen(c);
        else
            result.append(clean, at, static_cast<std::size_t>(length));
        at += static_cast<std::size_t>(length);
    }
    return result;
}

}  // namespace

std::string printable(std::string_view text) {
    return rewritten(text, [](utf8proc_int32_t c) -> std::string {
        if (c == '\n') return "\\n";
        if (c == '\t') return "\\t";
        if (c == '\r') return "\\r";
        return c < 0x100 ? fmt::format("\\x{:02x}", c) : fmt::format("\\u{:04x}", c);
    });
}

std::string printable_json(std::string_view text) {
    return rewritten(text, [](utf8proc_int32_t c) -> std::string { return c == '\n' ? "\n" : fmt::format("\\u{:04x}", c); });
}

}  // namespace saccade
