#include "io/text_file.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <functional>

#include "base/error.hpp"
#include "base/shell_quoted.hpp"
#include "base/utf8.hpp"
#include "io/input_file.hpp"

namespace saccade {

namespace {

constexpr std::size_t sample_bytes = 1 << 16;

using Byte = unsigned char;

bool within(Byte b, Byte low, Byte high) {
    return b >= low && b <= high;
}

/// An encoding of one or two bytes a character.
struct DoubleByte {
    const char* name;
    bool (*lead)(Byte);
    bool (*trail)(Byte);
    bool (*common)(Byte lead, Byte trail);  // of the characters that make up most of a text
};

// Frequent characters: GB 2312's first level and its signs; Big5's first level and its signs; kana, signs and JIS's first
// level.
constexpr std::array<DoubleByte, 3> encodings{
    {{"GBK", [](Byte b) { return within(b, 0x81, 0xfe); },
      [](Byte b) { return within(b, 0x40, 0x7e) || within(b, 0x80, 0xfe); },
      [](Byte l, Byte t) { return t >= 0xa1 && (within(l, 0xb0, 0xd7) || l == 0xa1 || l == 0xa3); }},
     {"Big5", [](Byte b) { return within(b, 0xa1, 0xf9); },
      [](Byte b) { return within(b, 0x40, 0x7e) || within(b, 0xa1, 0xfe); },
      [](Byte l, Byte) { return within(l, 0xa4, 0xc6) || l == 0xa1; }},
     {"Shift-JIS", [](Byte b) { return within(b, 0x81, 0x9f) || within(b, 0xe0, 0xfc); },
      [](Byte b) { return within(b, 0x40, 0x7e) || within(b, 0x80, 0xfc); },
      [](Byte l, Byte t) { return (l == 0x82 && t >= 0x9f) || l == 0x83 || l == 0x81 || within(l, 0x88, 0x97); }}}};

/// Share of common characters among all of two bytes; negative if the bytes are no text of this encoding.
double likeness(const DoubleByte& encoding, std::string_view bytes) {
    long all = 0, common = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto lead = static_cast<Byte>(bytes[i]);
        if (lead < 0x80) continue;
        if (i + 1 == bytes.size()) break;  // the sample ends within a character
        const auto trail = static_cast<Byte>(bytes[++i]);
        if (!encoding.lead(lead) || !encoding.trail(trail)) return -1;
        ++all;
        common += encoding.common(lead, trail) ? 1 : 0;
    }
    return all == 0 ? -1 : static_cast<double>(common) / static_cast<double>(all);
}

/// Letters with accents stand alone between ASCII; characters of two bytes come in runs of high bytes.
bool mostly_alone(std::string_view bytes) {
    long alone = 0, all = 0;
    const auto high = [&](std::size_t i) { return i < bytes.size() && static_cast<Byte>(bytes[i]) >= 0x80; };
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (!high(i)) continue;
        ++all;
        alone += (i == 0 || !high(i - 1)) && !high(i + 1) ? 1 : 0;
    }
    return all > 0 && 2 * alone > all;
}

/// UTF-16 without a byte order mark, by where the zeros of its ASCII characters fall.
const char* utf16_of(std::string_view bytes) {
    long even = 0, odd = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        if (bytes[i] == '\0') ++(i % 2 == 0 ? even : odd);
    return odd >= even ? "UTF-16LE" : "UTF-16BE";
}

}  // namespace

std::string likely_encoding(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\xff\xfe"sv) || bytes.starts_with("\xfe\xff"sv)) return "UTF-16";
    const std::string_view sample = bytes.substr(0, sample_bytes);
    if (std::ranges::count(sample, '\0') * 4 > static_cast<std::ptrdiff_t>(sample.size())) return utf16_of(sample);
    if (mostly_alone(sample)) return "Windows-1252";
    const char* best = "Windows-1252";
    double most = 0.5;
    for (const DoubleByte& encoding : encodings)
        if (const double share = likeness(encoding, sample); share > most) {
            most = share;
            best = encoding.name;
        }
    return best;
}

std::string read_text(const std::string& path, std::size_t limit) {
    std::string text = read_file(path, limit);
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    // Zeros are UTF-8 that no text holds; in UTF-16 they are half of it.
    const std::size_t zero = text.find('\0'), at = std::min(find_invalid_utf8(text), zero);
    if (at == std::string::npos) return text;
    const auto lines = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    // From the start of that line: all before it is ASCII or well formed, and says nothing. Of zeros, their place in the file
    // says something.
    const std::size_t newline = at == 0 || at == zero ? std::string::npos : text.rfind('\n', at - 1);
    const std::string_view rest = std::string_view(text).substr(newline == std::string::npos ? 0 : newline + 1);
    const std::string encoding = likely_encoding(rest), shown = sanitize_utf8(path);
    if (at == zero && !encoding.starts_with("UTF-16"))
        throw Error(ErrorCode::bad_format, fmt::format("{}: line {} holds a zero byte, which no text does", shown, lines + 1),
                    "choose a text file");
    throw Error(
        ErrorCode::bad_format, fmt::format("{}: line {} is not UTF-8; it looks like {}", shown, lines + 1, encoding),
        fmt::format("save it as UTF-8, for example: iconv -f {} -t UTF-8 {} > utf8.txt", encoding, shell_quoted(shown)));
}

std::string read_text_of_lines(const std::string& path, std::size_t limit) {
    std::string text = read_text(path, limit);
    std::size_t line = 1;
    for (std::size_t begin = 0; begin < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        if (end - begin > longest_text_line)
            throw Error(ErrorCode::bad_format,
                        fmt::format("{}: line {} is {} bytes long; {} can be read", sanitize_utf8(path), line, end - begin,
                                    longest_text_line),
                        "write one entry a line");
        begin = end + 1;
    }
    return text;
}

}  // namespace saccade
