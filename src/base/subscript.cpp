#include "base/subscript.hpp"

#include "base/utf8.hpp"

namespace saccade {

std::string subscript(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c >= '0' && c <= '9')
            result += encode_utf8(U'₀' + static_cast<char32_t>(c - '0'));
        else
            result += c;
    return result;
}

}  // namespace saccade
