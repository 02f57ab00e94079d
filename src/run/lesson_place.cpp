#include "run/lesson_place.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "io/json_text.hpp"

namespace saccade {

namespace {

struct Range {
    std::size_t begin = 0, end = 0;
};

/// Walks through JSON that was read before, and so is whole.
class JsonWalk {
 public:
    explicit JsonWalk(std::string_view text) : text_(text) {}

    /// The element of the list under a key of the outermost object; all of the text, if there is none.
    Range element(std::string_view key, std::size_t number) const {
        std::size_t at = next(next(0) + 1);
        while (at < text_.size() && text_[at] == '"') {
            const std::size_t named = end_of(at);
            const std::size_t value = next(next(named) + 1);  // behind the colon
            if (text_.substr(at + 1, named - at - 2) == key && value < text_.size() && text_[value] == '[')
                return in_list(value, number);
            at = behind(value);
        }
        return {0, text_.size()};
    }

 private:
    Range in_list(std::size_t list, std::size_t number) const {
        std::size_t at = next(list + 1);
        for (std::size_t i = 0; i < number && at < text_.size(); ++i) at = behind(at);
        return {at, end_of(at)};
    }
    std::size_t next(std::size_t at) const { return std::min(text_.find_first_not_of(" \t\r\n", at), text_.size()); }
    /// What follows a value and its comma.
    std::size_t behind(std::size_t value) const { return next(next(end_of(value)) + 1); }
    std::size_t end_of(std::size_t value) const {
        int depth = 0;
        for (std::size_t at = value; at < text_.size(); ++at) {
            const char c = text_[at];
            if (c == '"')
                at = end_of_text(at);
            else if (c == '{' || c == '[')
                ++depth;
            else if (c == '}' || c == ']')
                --depth;
            else if (depth > 0 || text_.find_first_of(",]} \t\r\n", at + 1) != at + 1)
                continue;
            if (depth <= 0) return at + 1;
        }
        return text_.size();
    }
    std::size_t end_of_text(std::size_t quote) const {
        std::size_t at = quote + 1;
        while (at < text_.size() && text_[at] != '"') at += text_[at] == '\\' ? 2 : 1;
        return at;
    }

    std::string_view text_;
};

/// The first that stands in 'quotes'; empty: none does.
std::string quoted_word(const std::string& message) {
    const std::size_t before = message.find(" '");  // unlike that of "scene 1's text"
    if (before == std::string::npos) return {};
    const std::size_t word = before + 2, close = message.find('\'', word);
    return close == std::string::npos ? "" : message.substr(word, close - word);
}

}  // namespace

Error placed(const Error& error, std::string_view text, std::size_t scene) {
    const bool whole = scene == std::string::npos;
    const Range range = whole ? Range{0, text.size()} : JsonWalk(text).element("scenes", scene);
    const std::string word = quoted_word(error.message());
    const std::size_t found = word.empty() ? std::string::npos : text.find('"' + word + '"', range.begin);
    const bool is_there = found < range.end;
    if (whole && !is_there) return error;
    const TextPlace place = place_in(text, is_there ? found : range.begin);
    return Error(error.code(), fmt::format("{} (line {}, column {})", error.message(), place.line, place.column), error.hint());
}

}  // namespace saccade
