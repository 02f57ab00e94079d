#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace saccade {

/// What ImGui cannot hold or draw has a character stand in for it, in its fields and in its fonts: Dear ImGui holds 16-bit
/// characters where it is built as Debian builds it, which ends before emoji and rare ideographs; and a field must show what no
/// font draws. Stand-ins are taken from the end of the Yi script (U+A000 to U+A4CF), which hardly anyone types; those of its
/// characters that were met in a text stand for themselves. What was typed, pasted or saved never holds a stand-in.
class StandIns {
 public:
    enum class Look {
        glyph,    // the character's own
        code,     // a box with its code: it is left out when the text is read, or no font draws it
        nothing,  // it belongs to the sign before it: a joiner within an emoji
    };
    struct Meaning {
        char32_t code = 0;
        Look look = Look::glyph;
        auto operator<=>(const Meaning&) const = default;
    };

    static constexpr char32_t first = 0xa000, last = 0xa4cf;

    /// The text as ImGui can draw it: characters beyond 16 bits have stand-ins.
    std::string shown(std::string_view text);
    /// The same, of those that have one already.
    std::string known(std::string_view text) const;
    /// The text as a field shows it: what is not to be seen stands there by its code, too.
    std::string in_field(std::string_view text);
    /// What is meant by a text from a field.
    std::string meant(std::string_view field) const;
    /// A character that was typed, as a field gets it.
    char32_t typed(char32_t code);
    /// What a character of ImGui's stands for; most stand for themselves.
    Meaning meaning(char32_t character) const;
    /// A character of a text to be drawn: no stand-in will be taken from it.
    void met(char32_t character);

 private:
    char32_t of(const Meaning& meaning);

    std::map<Meaning, char32_t> stand_ins_;
    std::map<char32_t, Meaning> meanings_;
    char32_t next_ = last;
};

}  // namespace saccade
