#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace saccade {

// How every reader takes text: in NFKC (Unicode normal form: ２ is 2, a no-break space a space), without the characters that
// are not to be seen (Unicode's Default_Ignorable_Code_Point: zero-width space, soft hyphen, byte order mark, joiners).

/// NFKC of the text. Invalid UTF-8 becomes U+FFFD.
std::string nfkc(std::string_view text);

/// A character for a model: what it reads, a code point, and what was typed for it.
struct TypedCharacter {
    std::string read, shown;
};

struct TypedText {
    std::vector<TypedCharacter> characters;
    std::vector<std::string> dropped;  // by name, each once: "U+200B zero width space"

    std::vector<std::string> read() const;
    std::vector<std::string> shown() const;
};

/// An emoji that is joined from several stays one character, as typed: no model here knows it in parts either. Where one typed
/// character is several in NFKC (㎏), each shows itself. Error{invalid_input}: not UTF-8.
TypedText read_typed(std::string_view text);

/// The text as it is read: all characters of read_typed(), joined. Invalid UTF-8 becomes U+FFFD.
std::string read_text_of(std::string_view text);

/// "U+200B zero width space"; of a character without a name here "U+0301".
std::string name_of_character(char32_t c);

/// How a character is shown on an axis, in a note: itself; blanks by a sign (␣ ⇥ ↵); an accent that stands alone on a dotted
/// circle; what no font draws (controls, unassigned, non-characters, what is not to be seen) as "U+FFFE".
std::string visible_character(std::string_view character);

/// The text as a font can draw it and any file can hold it: control characters and non-characters, which neither XML nor a font
/// engine takes, become U+FFFD, and so does invalid UTF-8. Line breaks and tabs stay.
std::string drawable_text(std::string_view text);

}  // namespace saccade
