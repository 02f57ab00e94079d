#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "target.hpp"

using namespace saccade;

/// Whatever is typed or read becomes text that can be shown, and an Error's line.
FUZZ_TARGET(typed_text) {
    const std::string text = fuzz::text_of(data, size);
    fuzz::require(printable(printable(text)) == printable(text), "what was printable is changed");
    fuzz::require(find_invalid_utf8(printable(text)) == std::string::npos, "what is printable is not UTF-8");
    drawable_text(text);
    shorten(text, 20);
    return fuzz::refuses_or_reads([&] {
        const TypedText typed = read_typed(text);
        fuzz::require(typed.read().size() == typed.shown().size(), "what is read and what is shown differ in length");
        display_width(text);
    });
}
