#include <utf8proc.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/base64.hpp"
#include "base/error.hpp"
#include "checkpoint/normalizer.hpp"
#include "checkpoint/pattern.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

namespace {

/// A double array: each unit says where its children are, by which byte it hangs from its parent, and whether it ends a text.
class CharsMap {
 public:
    explicit CharsMap(const std::string& bytes, const std::string& where) {
        const auto word = [&](std::size_t i) {
            std::uint32_t value = 0;
            for (std::size_t b = 0; b < 4; ++b) value |= std::uint32_t{static_cast<unsigned char>(bytes[i + b])} << (8 * b);
            return value;
        };
        const std::string hint = "this tokenizer is damaged";
        if (bytes.size() < 8) throw Error(ErrorCode::bad_format, where + ": 'precompiled_charsmap' is too short", hint);
        const std::size_t size = word(0);
        if (size % 4 != 0 || size < 4 || size > bytes.size() - 4)
            throw Error(ErrorCode::bad_format, where + ": the table in 'precompiled_charsmap' is longer than the whole", hint);
        for (std::size_t i = 0; i < size; i += 4) units_.push_back(word(4 + i));
        replacements_ = bytes.substr(4 + size);
    }

    /// What the text becomes: the replacement of the shortest text in the table that it begins with. Null if there is none.
    const char* find(std::string_view text) const {
        std::size_t at = offset(units_[0]);
        for (const char c : text) {
            const auto byte = static_cast<unsigned char>(c);
            if (byte == 0) return nullptr;
            at ^= byte;
            if (at >= units_.size() || label(units_[at]) != byte) return nullptr;
            const std::uint32_t unit = units_[at];
            at ^= offset(unit);
            if (at >= units_.size()) return nullptr;
            if ((unit >> 8 & 1U) != 0) {
                const std::size_t place = units_[at] & 0x7fffffffU;
                return place < replacements_.size() ? replacements_.c_str() + place : nullptr;
            }
        }
        return nullptr;
    }

 private:
    static std::size_t offset(std::uint32_t unit) { return std::size_t{unit >> 10} << ((unit & 0x200U) >> 6); }
    /// A leaf, whose highest bit is set, is no byte's.
    static std::uint32_t label(std::uint32_t unit) { return unit & 0x800000ffU; }

    std::vector<std::uint32_t> units_;
    std::string replacements_;  // each ends with a zero
};

constexpr std::size_t longest_whole = 5;  // bytes of a grapheme that is looked up whole

std::string mapped(const CharsMap& map, std::string_view text) {
    std::string result;
    const auto grapheme = [&](std::string_view part) {
        if (part.size() <= longest_whole)
            if (const char* whole = map.find(part)) {
                result += whole;
                return;
            }
        while (!part.empty()) {
            const std::string_view before = part;
            take_code_point(part);
            const std::string_view character = before.substr(0, before.size() - part.size());
            if (const char* by = map.find(character))
                result += by;
            else
                result += character;
        }
    };
    utf8proc_int32_t last = 0, state = 0;
    std::size_t begin = 0;
    for (std::string_view rest = text; !rest.empty();) {
        const std::size_t at = text.size() - rest.size();
        const auto c = static_cast<utf8proc_int32_t>(take_code_point(rest));
        if (at > 0 && utf8proc_grapheme_break_stateful(last, c, &state)) {
            grapheme(text.substr(begin, at - begin));
            check_grown(result.size());
            begin = at;
        }
        last = c;
    }
    grapheme(text.substr(begin));
    check_grown(result.size());
    // The table's texts are whatever a file holds.
    return lossy_utf8(result);
}

}  // namespace

Normalizer read_precompiled(std::string_view charsmap, const std::string& where) {
    // Some tokenizers have an empty one.
    if (charsmap.empty()) return [](std::string text) { return text; };
    const auto bytes = base64_decode(charsmap);
    if (!bytes)
        throw Error(ErrorCode::bad_format, where + ": 'precompiled_charsmap' is not base64", "this tokenizer is damaged");
    const auto map = std::make_shared<const CharsMap>(*bytes, where);
    return [map](const std::string& text) { return mapped(*map, text); };
}

}  // namespace saccade
