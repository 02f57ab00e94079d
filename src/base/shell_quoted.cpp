#include "base/shell_quoted.hpp"

#include <algorithm>
#include <cctype>

namespace saccade {

std::string shell_quoted(std::string_view text) {
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || std::string_view("-_./=:,+").find(static_cast<char>(c)) != std::string_view::npos;
    };
    if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return std::string(text);
    std::string result = "'";
    for (const char c : text) {
        if (c == '\'')
            result += "'\\''";
        else
            result += c;
    }
    return result + "'";
}

}  // namespace saccade
