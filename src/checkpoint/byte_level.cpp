#include "checkpoint/byte_level.hpp"

#include <array>

#include "base/utf8.hpp"
#include "checkpoint/unicode_class.hpp"

namespace saccade {

const char* const gpt2_words = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

namespace {

struct ByteAlphabet {
    std::array<std::string, 256> characters;
    std::array<int, 0x144> bytes;  // -1: none

    ByteAlphabet() {
        bytes.fill(-1);
        char32_t next = 0x100;
        for (unsigned b = 0; b < 256; ++b) {
            const bool seen = (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
            const char32_t c = seen ? b : next++;
            characters[b] = encode_utf8(c);
            bytes[c] = static_cast<int>(b);
        }
    }
};

const ByteAlphabet& byte_alphabet() {
    static const ByteAlphabet alphabet;
    return alphabet;
}

}  // namespace

std::string byte_characters(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size() * 2);
    for (const char b : bytes) result += byte_alphabet().characters[static_cast<unsigned char>(b)];
    return result;
}

std::optional<std::string> bytes_of_characters(std::string_view characters) {
    const auto& bytes = byte_alphabet().bytes;
    std::string result;
    while (!characters.empty()) {
        const char32_t c = take_code_point(characters);
        if (c >= bytes.size() || bytes[c] < 0) return std::nullopt;
        result += static_cast<char>(bytes[c]);
    }
    return result;
}

}  // namespace saccade
