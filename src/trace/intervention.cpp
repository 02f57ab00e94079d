#include "trace/intervention.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

namespace saccade {

namespace {

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
        const std::size_t end = text_.find_first_of("[=*", at_);
        if (end == std::string::npos || end == at_) fail("expected a tensor's name and then '=' or '['");
        std::string result = text_.substr(at_, end - at_);
        result.erase(result.find_last_not_of(' ') + 1);
        at_ = end;
        return result;
    }
    Index index() {
        if (take(":")) return -1;
        Index value = 0;
        number(value, "an index (from 0) or ':'");
        if (value < 0) fail("indices count from 0");
        return value;
    }
    float value() {
        float result = 0;
        number(result, "a number");
        if (!std::isfinite(result)) fail("the number must be finite");
        skip_spaces();
        if (at_ != text_.size()) fail("nothing may follow the number");
        return result;
    }
    std::string rest() { return text_.substr(at_); }
    [[noreturn]] void fail(const std::string& what) const {
        throw Error(ErrorCode::usage, fmt::format("intervention '{}', column {}: {}", text_, at_ + 1, what),
                    "write weights[5,9]=0.2, weights[5,:]*=0.5 or weights=@file.npz:name");
    }

 private:
    void skip_spaces() { at_ = std::min(text_.find_first_not_of(' ', at_), text_.size()); }

    template <class T>
    void number(T& value, const char* what) {
        skip_spaces();
        const char* begin = text_.data() + at_;
        const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
        if (error != std::errc()) fail(std::string("expected ") + what);
        at_ += static_cast<std::size_t>(end - begin);
    }

    const std::string& text_;
    std::size_t at_ = 0;
};

}  // namespace

bool Intervention::operator==(const Intervention& other) const {
    const auto same_array = [&] {
        return array.shape() == other.array.shape() &&
               std::equal(array.values().begin(), array.values().end(), other.array.values().begin());
    };
    return kind == other.kind && tensor == other.tensor && index == other.index && value == other.value &&
           array_source == other.array_source && enabled == other.enabled && same_array();
}

Intervention parse_intervention(const std::string& spec, const std::string& base_folder) {
    SpecReader reader(spec);
    Intervention result;
    result.tensor = reader.name();
    if (reader.take("[")) {
        if (!reader.take("]")) {
            do {
                result.index.push_back(reader.index());
            } while (reader.take(","));
            if (!reader.take("]")) reader.fail("expected ',' or ']'");
        }
    }
    if (reader.take("*=")) {
        result.kind = Intervention::Kind::scale;
        result.value = reader.value();
    } else if (reader.take("=@")) {
        result.kind = Intervention::Kind::replace;
        result.array_source = reader.rest();
        if (result.array_source.empty()) reader.fail("expected a file after '@'");
        if (!base_folder.empty()) {
            result.array_source = (std::filesystem::path(base_folder) / result.array_source).string();
        }
    } else if (reader.take("=")) {
        result.value = reader.value();
    } else {
        reader.fail("expected '=', '*=' or '=@'");
    }
    return result;
}

std::string to_string(const Intervention& intervention) {
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
            return text + "=@" + intervention.array_source;
    }
    return text;
}

}  // namespace saccade
