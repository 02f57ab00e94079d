#include "ui/text_wrap.hpp"

#include <string_view>

#include "base/utf8.hpp"

namespace saccade {

namespace {

/// Scripts that are written without blanks: CJK, kana, full-width forms.
bool stands_alone(const std::string& character) {
    const std::u32string code = decode_utf8(character);
    if (code.empty()) return false;
    const char32_t c = code.front();
    return (c >= 0x2E80 && c <= 0x9FFF) || (c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFF00 && c <= 0xFFEF) ||
           (c >= 0x20000 && c <= 0x3FFFF);
}

bool is_one_of(const std::string& character, std::string_view all) {
    return all.find(character) != std::string_view::npos;
}
bool never_first(const std::string& c) {
    return is_one_of(c, "。，、；：？！）】》」』”’…—,.;:?!)]}");
}
bool never_last(const std::string& c) {
    return is_one_of(c, "（【《「『“‘([{");
}

/// Pieces between which a line may end; a blank belongs to the piece before it.
std::vector<std::string> pieces_of(const std::vector<std::string>& characters) {
    std::vector<std::string> pieces;
    bool may_break = true;
    std::string last;
    for (const std::string& c : characters) {
        const bool between = last == " " || last == "\n" || stands_alone(c) || (!last.empty() && stands_alone(last));
        if (last.empty())
            may_break = true;
        else
            may_break = between && c != " " && !never_first(c) && !never_last(last);
        if (may_break) pieces.emplace_back();
        pieces.back() += c;
        last = c;
    }
    return pieces;
}

std::string without_end_blanks(std::string line) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\n')) line.pop_back();
    return line;
}

}  // namespace

std::vector<std::string> wrapped(const std::string& text, double room, const std::function<double(const std::string&)>& width) {
    std::vector<std::string> lines;
    std::string line;
    const auto end_line = [&] {
        lines.push_back(without_end_blanks(line));
        line.clear();
    };
    for (const std::string& piece : pieces_of(code_points(sanitize_utf8(text)))) {
        if (!line.empty() && width(line + without_end_blanks(piece)) > room) end_line();
        if (line.empty() && width(without_end_blanks(piece)) > room) {
            for (const std::string& character : code_points(piece)) {
                if (!line.empty() && width(line + character) > room) end_line();
                line += character;
            }
        } else {
            line += piece;
        }
        if (!piece.empty() && piece.back() == '\n') end_line();
    }
    if (!line.empty() || lines.empty()) end_line();
    return lines;
}

std::string broken_into_lines(const std::string& text, double room, const std::function<double(const std::string&)>& width) {
    std::string broken, line;
    const auto end_line = [&] {
        broken += line + "\n";
        line.clear();
    };
    for (const std::string& piece : pieces_of(code_points(text))) {
        if (!line.empty() && width(line + without_end_blanks(piece)) > room) end_line();
        if (width(without_end_blanks(line + piece)) <= room) {
            line += piece;
            continue;
        }
        for (const std::string& character : code_points(piece)) {
            if (!line.empty() && width(line + character) > room) end_line();
            line += character;
        }
    }
    return broken + line;
}

std::string in_one_line(const std::string& text) {
    std::string line;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto c = static_cast<unsigned char>(text[at]);
        if (c == '\r' && at + 1 < text.size() && text[at + 1] == '\n') continue;
        if (c == '\n' || c == '\r')
            line += "⏎";
        else if (c == '\t')
            line += "⇥";
        else if (c < 0x20 || c == 0x7f)
            line += "·";
        else
            line += static_cast<char>(c);
    }
    return line;
}

}  // namespace saccade
