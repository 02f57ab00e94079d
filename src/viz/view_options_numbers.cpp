#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "viz/view_options.hpp"

namespace saccade {

namespace {

constexpr Index most_heads = 4096, most_positions = Index{1} << 17;

/// "1,3-5" -> 0, 2, 3, 4, none above `most`. Error{usage}: it is not a list of `what`.
std::vector<Index> numbers_from(const std::string& text, const std::string& what, Index most) {
    std::vector<Index> chosen;
    if (text.empty() || text == "all") return chosen;
    const auto fail = [&] {
        throw Error(ErrorCode::usage, "\"" + text + "\" is not a list of " + what,
                    "write their numbers, from 1: 1,3 or 2-5, or all");
    };
    const char* at = text.data();
    const char* const end = at + text.size();
    while (true) {
        Index from = 0, to = 0;
        auto read = std::from_chars(at, end, from);
        if (read.ec != std::errc()) fail();
        to = from;
        if (read.ptr != end && *read.ptr == '-') read = std::from_chars(read.ptr + 1, end, to);
        if (read.ec != std::errc() || from < 1 || to < from || to > most) fail();
        for (Index number = from; number <= to; ++number) chosen.push_back(number - 1);
        // Again and again the same, in a text that nobody wrote.
        if (static_cast<Index>(chosen.size()) > 2 * most) fail();
        at = read.ptr;
        if (at == end) break;
        if (*at++ != ',') fail();
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
}

}  // namespace

std::vector<Index> heads_from(const std::string& text) {
    return numbers_from(text, "heads", most_heads);
}

std::string heads_text(const std::vector<Index>& chosen) {
    std::string text;
    for (const Index head : chosen) text += (text.empty() ? "" : ", ") + std::to_string(head + 1);
    return text;
}

std::vector<Index> positions_from(const std::string& text) {
    return numbers_from(text, "positions", most_positions);
}

std::string positions_text(const std::vector<Index>& positions) {
    std::string text;
    for (std::size_t from = 0, to = 0; from < positions.size(); from = to) {
        while (to < positions.size() && positions[to] == positions[from] + static_cast<Index>(to - from)) ++to;
        text += (text.empty() ? "" : ",") + std::to_string(positions[from] + 1);
        if (to - from > 1) text += "-" + std::to_string(positions[to - 1] + 1);
    }
    return text;
}

}  // namespace saccade
