#include "base/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <utility>

#include "base/error.hpp"

namespace saccade {

namespace {

constexpr std::uint32_t magic = 0x950412de;  // the build has msgfmt write the lowest byte first
constexpr char context_ends = '\x04';
/// Of a format string; "{} {}" would fit everything, and what begins with a value fits more than what begins with a word.
std::size_t least_letters(std::size_t values, bool begins_with_value) {
    return !begins_with_value ? 4 : values == 1 ? 5 : 8;
}
constexpr int deepest = 3;
constexpr std::string_view joint = " · ";

/// "head-grid", "encoder.weights", "flow, bars": no capital, and no blank but after commas.
bool is_name(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if (std::isupper(c) != 0 || c >= 0x80 || (c == ' ' && (i == 0 || text[i - 1] != ','))) return false;
    }
    return true;
}

/// Declared in English with what it means here.
constexpr std::pair<std::string_view, std::string_view> msg_in(std::string_view context, std::string_view english) {
    return {context, english};
}
constexpr auto joined_by = msg_in("between parts", ", ");
constexpr auto of_another = msg_in("a thing of another", "{} of {}");
constexpr std::string_view where_and_what = "{}: {}";  // as texts of the window have it
constexpr std::size_t most_remembered = 4096;

std::uint32_t number_at(const std::string& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

/// "{}: no tensor '{}'" as the texts around its places, and which value stands in each; none, if it has signs that are written
/// twice, or is no format string.
bool take_apart(std::string_view format, std::vector<std::string_view>& pieces, std::vector<std::size_t>& values) {
    if (format.find("{{") != std::string_view::npos || format.find("}}") != std::string_view::npos) return false;
    for (std::size_t at = 0;;) {
        const std::size_t open = format.find('{', at);
        pieces.push_back(format.substr(at, open == std::string_view::npos ? open : open - at));
        if (open == std::string_view::npos) return values.size() > 0;
        const std::size_t close = format.find('}', open);
        if (close == std::string_view::npos) return false;
        const bool numbered = std::isdigit(static_cast<unsigned char>(format[open + 1])) != 0;
        values.push_back(numbered ? static_cast<std::size_t>(format[open + 1] - '0') : values.size());
        at = close + 1;
    }
}

}  // namespace

Catalogue::Catalogue(std::string bytes, const std::string& where) : bytes_(std::move(bytes)) {
    const auto bad = [&](const char* what) {
        return Error(ErrorCode::bad_format, where + ": " + what, "install Saccade again; until then texts are in English");
    };
    if (bytes_.size() < 28 || number_at(bytes_, 0) != magic) throw bad("this is no catalogue of translations");
    const std::size_t count = number_at(bytes_, 8), from = number_at(bytes_, 12), to = number_at(bytes_, 16);
    const std::size_t size = bytes_.size();
    if (count > size / 16 || from > size - 8 * count || to > size - 8 * count)
        throw bad("the catalogue of translations is cut short");
    const auto text = [&](std::size_t at) {
        const std::size_t length = number_at(bytes_, at), begin = number_at(bytes_, at + 4);
        if (begin >= size || length >= size - begin || bytes_[begin + length] != '\0')
            throw bad("the catalogue of translations is cut short");
        return std::string_view(bytes_).substr(begin, length);
    };
    for (std::size_t i = 0; i < count; ++i) {
        std::string_view english = text(from + 8 * i), translation = text(to + 8 * i);
        if (english.empty()) one_form_ = translation.find("nplurals=1") != std::string_view::npos;
        english = english.substr(0, english.find('\0'));  // of several forms the first names them all
        texts_[english] = translation;
        add_pattern(english, translation.substr(0, translation.find('\0')));
    }
    std::stable_sort(patterns_.begin(), patterns_.end(),
                     [](const Pattern& a, const Pattern& b) { return a.letters > b.letters; });
}

void Catalogue::add_pattern(std::string_view english, std::string_view translation) {
    Pattern pattern;
    std::vector<std::size_t> in_order;
    if (english.find(context_ends) != std::string_view::npos || !take_apart(english, pattern.pieces, in_order) ||
        !take_apart(translation, pattern.translated, pattern.values))
        return;
    for (const std::size_t value : pattern.values)
        if (value >= in_order.size()) return;
    for (const std::string_view piece : pattern.pieces)
        pattern.letters += static_cast<std::size_t>(
            std::count_if(piece.begin(), piece.end(), [](unsigned char c) { return std::isalpha(c) != 0; }));
    if (pattern.letters >= least_letters(in_order.size(), pattern.pieces.front().empty()))
        patterns_.push_back(std::move(pattern));
}

std::string_view Catalogue::find(std::string_view english, std::string_view context) const {
    const auto found =
        context.empty() ? texts_.find(english) : texts_.find(std::string(context) + context_ends + std::string(english));
    if (found == texts_.end() || english.empty()) return {};
    return found->second.substr(0, found->second.find('\0'));
}

std::string_view Catalogue::find_count(std::string_view one, std::size_t n) const {
    const auto found = texts_.find(one);
    if (found == texts_.end()) return {};
    const std::size_t first_ends = found->second.find('\0');
    if (one_form_ || n == 1 || first_ends == std::string_view::npos) return found->second.substr(0, first_ends);
    const std::string_view others = found->second.substr(first_ends + 1);
    return others.substr(0, others.find('\0'));
}

std::optional<std::string> Catalogue::find_composed(std::string_view finished) const {
    const std::string key(finished);
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = remembered_.find(key); found != remembered_.end()) return found->second;
    }
    Parts parts;
    std::optional<std::string> made = composed(finished, 0, parts);
    const std::lock_guard lock(mutex_);
    if (remembered_.size() >= most_remembered) remembered_.clear();
    return remembered_[key] = std::move(made);
}

std::optional<std::string> Catalogue::composed(std::string_view finished, int depth, Parts& parts) const {
    std::string key = static_cast<char>('0' + depth) + std::string(finished);
    if (const auto known = parts.find(key); known != parts.end()) return known->second;
    std::optional<std::string> made = made_of(finished, depth, parts);
    return parts[std::move(key)] = std::move(made);
}

std::optional<std::string> Catalogue::made_of(std::string_view finished, int depth, Parts& parts) const {
    // In a text that was composed a word by itself is a name to type, as of a view or a tensor.
    if (depth > 0 && is_name(finished)) return std::nullopt;
    if (const std::string_view found = find(finished); !found.empty()) return std::string(found);
    if (!finished.empty() && std::islower(static_cast<unsigned char>(finished.front())) != 0) {
        // A title goes on in a sentence without its capital.
        std::string title(finished);
        title.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(title.front())));
        if (const std::string_view found = find(title); !found.empty()) return std::string(found);
    }
    if (depth > deepest) return std::nullopt;
    if (const std::size_t dot = finished.find(joint); dot != std::string_view::npos) {
        // What is said one after the other is translated one by one, unless it is one text all the same.
        const std::string_view first = finished.substr(0, dot), rest = finished.substr(dot + joint.size());
        const std::optional<std::string> a = composed(first, depth, parts), b = composed(rest, depth, parts);
        if (a || b) return a.value_or(std::string(first)) + std::string(joint) + b.value_or(std::string(rest));
    }
    if (const std::size_t added = finished.find("; ", 1); added != std::string_view::npos) {
        const std::optional<std::string> a = composed(finished.substr(0, added), depth, parts),
                                         b = composed(finished.substr(added), depth, parts);
        if (a && b) return *a + *b;
    }
    for (const Pattern& pattern : patterns_)
        if (std::optional<std::string> made = filled(pattern, finished, depth, parts)) return made;
    return in_parts(finished, depth, parts);
}

std::optional<std::string> Catalogue::in_parts(std::string_view finished, int depth, Parts& parts) const {
    if (const std::size_t of = finished.find(" of "); of != std::string_view::npos)
        if (const std::string_view what = find(finished.substr(0, of)); !what.empty())
            if (const std::string_view both = find(of_another.second, of_another.first); !both.empty()) {
                const std::string_view whose = finished.substr(of + 4);
                return fmt::format(fmt::runtime(both), what, composed(whose, depth + 1, parts).value_or(std::string(whose)));
            }
    if (const std::size_t comma = finished.find(", "); comma != std::string_view::npos) {
        const std::string_view first = finished.substr(0, comma), rest = finished.substr(comma + 2);
        const std::optional<std::string> a = composed(first, depth, parts), b = composed(rest, depth, parts);
        if (a) return *a + std::string(find(joined_by.second, joined_by.first)) + b.value_or(std::string(rest));
    }
    if (const std::size_t colon = finished.find(": "); colon != std::string_view::npos) {
        const std::string_view both = find(where_and_what);
        if (const std::optional<std::string> rest = composed(finished.substr(colon + 2), depth, parts))
            return fmt::format(fmt::runtime(both.empty() ? where_and_what : both), finished.substr(0, colon), *rest);
        return std::nullopt;
    }
    const std::size_t digit = finished.find_first_of("0123456789");
    if (digit == std::string_view::npos || digit < 2 || finished[digit - 1] != ' ') return std::nullopt;
    const std::string_view name = find(finished.substr(0, digit - 1));
    if (name.empty()) return std::nullopt;
    return std::string(name) + std::string(finished.substr(digit - 1));
}

std::optional<std::string> Catalogue::filled(const Pattern& pattern, std::string_view finished, int depth, Parts& parts) const {
    const std::string_view first = pattern.pieces.front(), last = pattern.pieces.back();
    if (finished.size() < first.size() + last.size() || !finished.starts_with(first) || !finished.ends_with(last))
        return std::nullopt;
    const std::string_view middle = finished.substr(0, finished.size() - last.size());
    std::vector<std::string> values;
    std::size_t at = first.size();
    for (std::size_t i = 1; i < pattern.pieces.size(); ++i) {
        const bool is_last = i + 1 == pattern.pieces.size();
        const std::size_t end = is_last ? middle.size() : middle.find(pattern.pieces[i], at);
        if (end == std::string_view::npos) return std::nullopt;
        const std::string_view value = middle.substr(at, end - at);
        values.push_back(composed(value, depth + 1, parts).value_or(std::string(value)));
        at = end + (is_last ? 0 : pattern.pieces[i].size());
    }
    std::string made(pattern.translated.front());
    for (std::size_t i = 0; i < pattern.values.size(); ++i)
        made.append(values[pattern.values[i]]).append(pattern.translated[i + 1]);
    return made;
}

}  // namespace saccade
