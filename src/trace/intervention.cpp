#include "trace/intervention.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>
#include <type_traits>

#include "base/base64.hpp"
#include "base/path_text.hpp"

namespace saccade {

namespace {

constexpr std::string_view data_prefix = "data:";

/// Reads the spec from left to right; every complaint names the column (from 1).
class SpecReader {
 public:
    explicit SpecReader(const std::string& text) : text_(text) {}

    bool take(std::string_view token) {
        skip_spaces();
        if (text_.compare(at_, token.size(), token) != 0) return false;
        at_ += token.size();
        return true;
    }
    std::string name() {
        const std::size_t end = text_.find_first_of("[=*~", at_);
        if (end == std::string::npos || end == at_) fail("expected a tensor's name and then '=' or '['");
        std::string result = text_.substr(at_, end - at_);
        result.erase(result.find_last_not_of(' ') + 1);
        at_ = end;
        return result;
    }
    /// What stands between brackets, the first of which is taken already.
    std::vector<Index> indices() {
        std::vector<Index> result;
        if (take("]")) return result;
        do {
            result.push_back(index());
        } while (take(","));
        if (!take("]")) fail("expected ',' or ']'");
        return result;
    }
    /// `hiding`: -inf is a value, too.
    float value(bool hiding) {
        float result = 0;
        number(result, "a number");
        const bool hides = hiding && result == -std::numeric_limits<float>::infinity();
        if (!hides && !std::isfinite(result)) fail("the number must be finite");
        if (!hides && std::abs(result) > largest_intervention) fail("the number may be at most 1e9");
        skip_spaces();
        if (at_ != text_.size()) fail("nothing may follow the number");
        return result;
    }
    bool at_end() {
        skip_spaces();
        return at_ == text_.size();
    }
    std::string rest() { return text_.substr(at_); }
    [[noreturn]] void fail(const std::string& what) const {
        // An array that stands in the text would hide the complaint.
        const std::string shown = text_.size() > 200 ? text_.substr(0, 80) + "…" : text_;
        throw Error(ErrorCode::usage, fmt::format("intervention '{}', column {}: {}", shown, at_ + 1, what),
                    "write weights[5,9]=0.2, weights[2,1]*=0, mask[:,3,5]=-inf, weights=@file.npz:name or "
                    "weights~=@file.npz:name");
    }

 private:
    Index index() {
        if (take(":")) return -1;
        Index value = 0;
        number(value, "an index (from 0) or ':'");
        if (value < 0) fail("indices count from 0");
        return value;
    }
    void skip_spaces() { at_ = std::min(text_.find_first_not_of(' ', at_), text_.size()); }

    template <class T>
    void number(T& value, const char* what) {
        skip_spaces();
        const char* begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
        if (error == std::errc::result_out_of_range)
            fail(std::is_integral_v<T> ? "an index is too large"
                                       : "the number is too large or too small; it may be at most 1e9");
        if (error != std::errc()) fail(std::string("expected ") + what);
        at_ += static_cast<std::size_t>(end - begin);
    }

    const std::string& text_;
    std::size_t at_ = 0;
};

/// "2x3:BASE64", float32 little-endian.
Tensor<float> array_from(const std::string& text, const SpecReader& reader) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos) reader.fail("expected data:2x3:BASE64");
    std::vector<Index> dims;
    for (std::size_t at = 0; at < colon;) {
        Index extent = -1;
        const auto [end, error] = std::from_chars(text.data() + at, text.data() + colon, extent);
        if (error != std::errc() || extent < 0 ||
            (end != text.data() + colon && (*end != 'x' || end + 1 == text.data() + colon)))
            reader.fail("expected the array's extents, as in data:2x3:");
        dims.push_back(extent);
        at = static_cast<std::size_t>(end - text.data()) + 1;
    }
    if (dims.size() > static_cast<std::size_t>(Shape::max_rank)) reader.fail("the array has more than 5 axes");
    const std::optional<std::string> bytes = base64_decode(std::string_view(text).substr(colon + 1));
    if (!bytes) reader.fail("the array's data is not base64");
    const Shape shape(dims);
    if (bytes->size() / 4 != static_cast<std::size_t>(shape.size()) || bytes->size() % 4 != 0)
        reader.fail("the array's data does not fit its extents " + shape.str());
    Tensor<float> result = Tensor<float>::uninitialized(shape);
    for (std::size_t i = 0; i < result.values().size(); ++i) {
        std::uint32_t bits = 0;
        for (std::size_t k = 4; k-- > 0;) bits = bits << 8 | static_cast<unsigned char>((*bytes)[4 * i + k]);
        result.values()[i] = std::bit_cast<float>(bits);
    }
    return result;
}

std::string extents(const Tensor<float>& array) {
    return fmt::format("{}", fmt::join(array.shape().dims(), "x"));
}

std::string array_text(const Tensor<float>& array) {
    std::string bytes;
    bytes.reserve(array.values().size_bytes());
    for (const float value : array.values()) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (int k = 0; k < 4; ++k) bytes += static_cast<char>(bits >> (8 * k) & 0xff);
    }
    return fmt::format("{}{}:{}", data_prefix, extents(array), base64_encode(bytes));
}

std::string text_of(const Intervention& intervention, const std::string& array) {
    std::string text = intervention.tensor;
    if (!intervention.index.empty()) {
        text += '[';
        for (std::size_t i = 0; i < intervention.index.size(); ++i) {
            text += i > 0 ? "," : "";
            text += intervention.index[i] < 0 ? ":" : std::to_string(intervention.index[i]);
        }
        text += ']';
    }
    switch (intervention.kind) {
        case Intervention::Kind::set:
            return text + fmt::format("={}", intervention.value);
        case Intervention::Kind::scale:
            return text + fmt::format("*={}", intervention.value);
        case Intervention::Kind::replace:
            return text + "=@" + array;
        case Intervention::Kind::freeze:
            return text + "~=@" + array;
    }
    return text;
}

}  // namespace

bool Intervention::operator==(const Intervention& other) const {
    const auto same_array = [&] {
        return array.shape() == other.array.shape() &&
               (array.data() == other.array.data() ||
                std::equal(array.values().begin(), array.values().end(), other.array.values().begin()));
    };
    return kind == other.kind && tensor == other.tensor && index == other.index && value == other.value &&
           array_source == other.array_source && origin == other.origin && enabled == other.enabled && same_array();
}

Intervention parse_intervention(const std::string& spec, const std::string& base_folder) {
    SpecReader reader(spec);
    Intervention result;
    result.tensor = reader.name();
    if (reader.take("[")) result.index = reader.indices();
    if (reader.take("*=")) {
        result.kind = Intervention::Kind::scale;
        result.value = reader.value(false);
    } else if (const bool freeze = reader.take("~=@"); freeze || reader.take("=@")) {
        result.kind = freeze ? Intervention::Kind::freeze : Intervention::Kind::replace;
        result.array_source = path_from_text(reader.rest());
        if (result.array_source.empty()) reader.fail("expected a file after '@'");
        if (result.array_source.starts_with(data_prefix)) {
            result.array = array_from(result.array_source.substr(data_prefix.size()), reader);
            result.array_source.clear();
        } else if (!base_folder.empty()) {
            result.array_source = (std::filesystem::path(base_folder) / result.array_source).string();
        }
    } else if (reader.take("=")) {
        result.value = reader.value(true);
    } else {
        reader.fail("expected '=', '*=', '=@' or '~=@'");
    }
    return result;
}

std::string to_string(const Intervention& intervention) {
    const bool in_memory = intervention.takes_array() && intervention.array_source.empty();
    return text_of(intervention, in_memory ? array_text(intervention.array) : text_of_path(intervention.array_source));
}

std::string brief(const Intervention& intervention) {
    const bool in_memory = intervention.array_source.empty();
    return text_of(intervention, in_memory ? "(" + extents(intervention.array) + ")" : intervention.array_source);
}

ArraySource split_array_source(const std::string& text) {
    // A bracket before the array's name belongs to the file's.
    const std::size_t open = text.rfind('[');
    const std::size_t colon = text.find(':', text.rfind('/') == std::string::npos ? 0 : text.rfind('/'));
    if (text.empty() || text.back() != ']' || open == std::string::npos || (colon != std::string::npos && open < colon))
        return {text, {}};
    const std::string brackets = text.substr(open);
    SpecReader reader(brackets);
    reader.take("[");
    ArraySource result{text.substr(0, open), reader.indices()};
    if (!reader.at_end()) reader.fail("nothing may follow the indices");
    return result;
}

}  // namespace saccade
