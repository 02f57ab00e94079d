#include "io/json_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.hpp"
#include "base/utf8.hpp"

namespace saccade {

using nlohmann::json;

namespace {

/// What would have gone on, by what the library says of it; empty: it does not say.
std::string expected_by(const std::string& said) {
    if (said.find("invalid string") != std::string::npos) return "a text that ends with a quote on its line";
    const std::size_t found = said.rfind("; expected ");
    if (found == std::string::npos) return said.find("while parsing value") != std::string::npos ? "a value" : "";
    const std::string what = said.substr(found + std::string_view("; expected ").size());
    if (what == "']'") return "',' or ']'";
    if (what == "'}'") return "',' or '}'";
    if (what == "':'") return what;
    if (what == "string literal") return "a name in quotes";
    if (what == "end of input") return "the end of the file";
    return "a value";
}

constexpr double largest_exact = 9007199254740992.0;  // 2^53: whole numbers up to here are doubles of their own

/// Takes the parser's events and builds the document, so that a limit ends the reading where it is passed.
class LimitedBuilder : public nlohmann::json_sax<json> {
 public:
    LimitedBuilder(std::string_view text, const std::string& where, const std::string& hint, const JsonLimits& limits)
        : text_(text), where_(where), hint_(hint), limits_(limits) {}

    json take() { return std::move(root_); }

    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t&) override { return add(value); }
    bool string(string_t& value) override { return add(std::move(value)); }
    bool binary(binary_t&) override { return false; }  // not in text
    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        slot_ = &(*open_.back())[std::move(name)];
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
        constexpr int number_overflow = 406;
        const std::string said = error.what(), expected = expected_by(said);
        const bool ended = said.find("unexpected end of input") != std::string::npos;
        const std::size_t at = ended ? text_.size() : place_of(std::min(position, text_.size()), expected.starts_with("','"));
        const TextPlace place = place_in(text_, at);
        const std::string where = fmt::format(" (line {}, column {})", place.line, place.column);
        if (error.id == number_overflow) fail("holds a number that is too large" + where);
        if (expected.empty()) fail("is not JSON" + where);
        fail("is not JSON" + where + ": expected " + expected);
    }

 private:
    /// Where the word that ends at `end` begins; where a comma is missing, the end of what stands before it, which may be a
    /// line above.
    std::size_t place_of(std::size_t end, bool comma_missing) const {
        const auto is_word = [&](std::size_t i) {
            return std::isalnum(static_cast<unsigned char>(text_[i])) != 0 || text_[i] == '-' || text_[i] == '.';
        };
        std::size_t at = end - std::min<std::size_t>(end, 1);
        if (end > 1 && text_[at] == '"') do
                --at;
            while (at > 0 && (text_[at] != '"' || text_[at - 1] == '\\'));
        else if (end > 0 && is_word(at))
            while (at > 0 && is_word(at - 1)) --at;
        while (comma_missing && at > 0 && std::isspace(static_cast<unsigned char>(text_[at - 1])) != 0) --at;
        return at;
    }
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::bad_format, where_.empty() ? what : where_ + ": " + what, hint_);
    }
    bool add(json value) {
        place(std::move(value));
        return true;
    }
    json* place(json value) {
        if (++count_ > limits_.values) fail(fmt::format("holds more than {} values", limits_.values));
        if (open_.empty()) {
            root_ = std::move(value);
            return &root_;
        }
        if (open_.back()->is_array()) {
            auto& items = open_.back()->get_ref<json::array_t&>();
            items.push_back(std::move(value));
            return &items.back();
        }
        *slot_ = std::move(value);
        return slot_;
    }
    bool open(json empty) {
        if (open_.size() == JsonLimits::deepest) fail(fmt::format("holds brackets more than {} deep", JsonLimits::deepest));
        // Stays where it is while it is open: what holds it gets nothing new before it is closed.
        open_.push_back(place(std::move(empty)));
        return true;
    }
    bool close() {
        open_.pop_back();
        return true;
    }

    std::string_view text_;
    const std::string& where_;
    const std::string& hint_;
    const JsonLimits& limits_;
    json root_;
    std::vector<json*> open_;
    json* slot_ = nullptr;
    std::size_t count_ = 0;
};

std::string shown(const json& value) {
    // A long one is not written out whole to be cut.
    if (value.is_structured() && value.size() > 8) return value.is_array() ? "a long list" : "an object";
    return shorten(value.dump(-1, ' ', false, json::error_handler_t::replace), 40);
}

}  // namespace

TextPlace place_in(std::string_view text, std::size_t byte) {
    const std::string_view before = text.substr(0, byte);
    const auto columns =
        std::ranges::count_if(before.substr(before.rfind('\n') + 1), [](char c) { return (c & 0xC0) != 0x80; });
    return {std::count(before.begin(), before.end(), '\n') + 1, columns + 1};
}

json parse_json(std::string_view text, const std::string& where, const std::string& hint, const JsonLimits& limits) {
    const std::string place = sanitize_utf8(where);
    if (text.size() > limits.bytes)
        throw Error(ErrorCode::bad_format,
                    fmt::format("{}: has {} MB; at most {} are read", place, text.size() >> 20, limits.bytes >> 20), hint);
    LimitedBuilder builder(text, place, hint, limits);
    json::sax_parse(text.begin(), text.end(), &builder);
    return builder.take();
}

template <class Whole>
std::optional<Whole> whole_in(const json& value, Whole least, Whole most) {
    std::optional<Whole> read;
    if (value.is_number_unsigned()) {
        const auto number = value.get<std::uint64_t>();
        if (std::in_range<Whole>(number)) read = static_cast<Whole>(number);
    } else if (value.is_number_integer()) {
        const auto number = value.get<std::int64_t>();
        if (std::in_range<Whole>(number)) read = static_cast<Whole>(number);
    } else if (value.is_number_float()) {
        const auto number = value.get<double>();
        const bool exact = std::abs(number) <= largest_exact && number == std::floor(number);
        if (exact && std::in_range<Whole>(static_cast<std::int64_t>(number))) read = static_cast<Whole>(number);
    }
    return read && *read >= least && *read <= most ? read : std::nullopt;
}

template std::optional<int> whole_in(const json&, int, int);
template std::optional<std::int64_t> whole_in(const json&, std::int64_t, std::int64_t);
template std::optional<std::uint64_t> whole_in(const json&, std::uint64_t, std::uint64_t);

std::optional<double> number_in(const json& value, double least, double most) {
    if (!value.is_number()) return std::nullopt;
    const auto number = value.get<double>();
    return number >= least && number <= most ? std::optional(number) : std::nullopt;
}

std::optional<float> float_in(const json& value) {
    constexpr double most = std::numeric_limits<float>::max();
    // The shortest text of the largest float stands for a double a little above it.
    const std::optional<double> number = number_in(value, -most * (1 + 1e-7), most * (1 + 1e-7));
    if (!number) return std::nullopt;
    return static_cast<float>(std::clamp(*number, -most, most));
}

JsonObject::JsonObject(const json& value, std::string where, std::string hint)
    : value_(&value), where_(std::move(where)), hint_(std::move(hint)) {
    if (!value.is_object())
        throw Error(ErrorCode::bad_format, where_ + " is not an object", hint_.empty() ? "write {...}" : hint_);
}

const JsonObject& JsonObject::needs(std::initializer_list<const char*> keys) const {
    for (const char* key : keys)
        if (find(key) == nullptr)
            throw Error(ErrorCode::bad_format, fmt::format("{} has no '{}'", where_, key), hint_.empty() ? "add it" : hint_);
    return *this;
}

const json* JsonObject::find(const char* key) const {
    const auto found = value_->find(key);
    return found == value_->end() ? nullptr : &*found;
}

JsonObject JsonObject::object(const char* key) const {
    needs({key});
    const json& found = *find(key);
    if (!found.is_object()) refuse(key, found, "give an object, {...}");
    return {found, where_ + "'s " + key, hint_};
}

const std::vector<json>& JsonObject::list(const char* key) const {
    static const std::vector<json> none;
    const json* found = find(key);
    if (found == nullptr) return none;
    if (!found->is_array()) refuse(key, *found, "give a list, [...]");
    return found->get_ref<const json::array_t&>();
}

template <class Whole>
void JsonObject::whole(const char* key, Whole& target, Whole least, Whole most) const {
    const json* found = find(key);
    if (found == nullptr) return;
    const std::optional<Whole> read = whole_in(*found, least, most);
    if (!read) refuse(key, *found, fmt::format("give a whole number from {} to {}", least, most));
    target = *read;
}

template void JsonObject::whole(const char*, int&, int, int) const;
template void JsonObject::whole(const char*, std::int64_t&, std::int64_t, std::int64_t) const;
template void JsonObject::whole(const char*, std::uint64_t&, std::uint64_t, std::uint64_t) const;

void JsonObject::number(const char* key, double& target, double least, double most) const {
    const json* found = find(key);
    if (found == nullptr) return;
    const std::optional<double> read = number_in(*found, least, most);
    if (!read) refuse(key, *found, fmt::format("give a number from {} to {}", least, most));
    target = *read;
}

void JsonObject::toggle(const char* key, bool& target) const {
    const json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_boolean()) refuse(key, *found, "give true or false");
    target = found->get<bool>();
}

void JsonObject::text(const char* key, std::string& target, std::size_t most_bytes) const {
    const json* found = find(key);
    if (found == nullptr) return;
    if (!found->is_string()) refuse(key, *found, "give a text");
    const std::string& read = found->get_ref<const std::string&>();
    if (read.size() > most_bytes) refuse(key, *found, fmt::format("give a text of at most {} bytes", most_bytes));
    target = read;
}

void JsonObject::texts(const char* key, std::vector<std::string>& target) const {
    if (find(key) == nullptr) return;
    std::vector<std::string> read;
    for (const json& item : list(key)) {
        if (!item.is_string()) refuse(key, item, "give a list of texts");
        read.push_back(item.get<std::string>());
    }
    target = std::move(read);
}

void JsonObject::wholes(const char* key, std::vector<std::int64_t>& target, std::int64_t least, std::int64_t most) const {
    if (find(key) == nullptr) return;
    std::vector<std::int64_t> read;
    for (const json& item : list(key)) {
        const auto number = whole_in(item, least, most);
        if (!number) refuse(key, item, fmt::format("give whole numbers from {} to {}", least, most));
        read.push_back(*number);
    }
    target = std::move(read);
}

void JsonObject::numbers(const char* key, std::span<float> target) const {
    const json* found = find(key);
    if (found == nullptr) return;
    const std::vector<json>& items = list(key);
    if (items.size() != target.size()) refuse(key, *found, fmt::format("give {} numbers", target.size()));
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::optional<float> number = float_in(items[i]);
        if (!number) refuse(key, items[i], fmt::format("give {} numbers", target.size()));
        target[i] = *number;
    }
}

void JsonObject::refuse(const char* key, const json& value, const std::string& allowed) const {
    throw Error(ErrorCode::bad_format, fmt::format("{}: '{}' is {}", where_, key, shown(value)),
                hint_.empty() ? allowed : hint_);
}

}  // namespace saccade
