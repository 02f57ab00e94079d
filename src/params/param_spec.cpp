#include "params/param_spec.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/path_text.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"

namespace saccade {

namespace {

template <class T>
const T& value_of(const std::map<std::string, ParamValue>& values, const std::string& name, const char* type) {
    const auto found = values.find(name);
    if (found == values.end()) throw Error(ErrorCode::not_found, fmt::format("there is no parameter '{}'", name));
    if (const T* value = std::get_if<T>(&found->second)) return *value;
    throw Error(ErrorCode::not_found, fmt::format("parameter '{}' is not {}", name, type));
}

[[noreturn]] void refuse(const ParamSpec& spec, const std::string& what, const std::string& hint) {
    throw Error(ErrorCode::invalid_input, fmt::format("{} {}", spec.title.empty() ? spec.name : spec.title, what), hint);
}

bool same_value(const ParamValue& a, const ParamValue& b) {
    const auto* left = std::get_if<Tensor<float>>(&a);
    const auto* right = std::get_if<Tensor<float>>(&b);
    if (left == nullptr || right == nullptr) {
        return a.index() == b.index() && std::visit(
                                             [&](const auto& value) {
                                                 using T = std::decay_t<decltype(value)>;
                                                 if constexpr (std::is_same_v<T, Tensor<float>>) {
                                                     return false;
                                                 } else {
                                                     return value == std::get<T>(b);
                                                 }
                                             },
                                             a);
    }
    return left->shape() == right->shape() && std::equal(left->values().begin(), left->values().end(), right->values().begin());
}

/// White space alone, of any width, and what is not to be seen at all.
bool is_blank(const std::string& text) {
    return std::ranges::all_of(read_text_of(text), [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); });
}

void check_text(const ParamSpec& spec, const std::string& text) {
    const std::size_t invalid = find_invalid_utf8(text);
    if (invalid != std::string::npos) {
        refuse(spec, fmt::format("is not valid UTF-8: the byte at offset {} belongs to no character", invalid),
               "save the text as UTF-8");
    }
    if (text.empty() && !spec.optional_text && spec.type == ParamType::text) refuse(spec, "is empty", "type a text");
    if (spec.type == ParamType::text && !text.empty() && is_blank(text)) {
        std::string dropped;
        for (const std::string& name : read_typed(text).dropped) dropped += (dropped.empty() ? "" : ", ") + name;
        refuse(spec, dropped.empty() ? "holds nothing but blanks" : "holds nothing that can be seen, only " + dropped,
               spec.optional_text ? "type a text, or leave it empty" : "type a text");
    }
    if (text.empty() && !spec.optional_text && spec.type == ParamType::image) {
        refuse(spec, "does not name a picture", "open a PNG, JPEG or WebP file, or take sample:NAME");
    }
    if (spec.type == ParamType::text && spec.max > 0) {
        const std::size_t length = decode_utf8(text).size();
        if (static_cast<double>(length) > spec.max) {
            refuse(spec, fmt::format("has {} characters", length), fmt::format("use at most {:.0f}", spec.max));
        }
    }
}

void check_range(const ParamSpec& spec, double value) {
    if (std::isinf(spec.max) && value == spec.max) return;
    if (!std::isfinite(value)) refuse(spec, "is not a finite number", "give a number");
    if (spec.min == 0 && spec.max == 0) return;  // not limited
    if (value < spec.min || value > spec.max) {
        refuse(spec, fmt::format("is {}", value), fmt::format("give a value from {} to {}", spec.min, spec.max));
    }
}

void check_matrix(const ParamSpec& spec, const Tensor<float>& matrix) {
    const Shape& shape = matrix.shape();
    if (matrix.empty()) refuse(spec, "is empty", "give at least one number");
    for (int axis = 0; spec.max > 0 && axis < shape.rank(); ++axis) {
        if (static_cast<double>(shape[axis]) <= spec.max) continue;
        refuse(spec, fmt::format("has {} {}", shape[axis], axis + 1 == shape.rank() ? "columns" : "rows"),
               fmt::format("use at most {:.0f}", spec.max));
    }
    const auto cells = matrix.values();
    const auto wrong = std::find_if(cells.begin(), cells.end(), [](float v) { return !std::isfinite(v); });
    if (wrong == cells.end()) return;
    const Index at = wrong - cells.begin(), columns = shape.rank() == 0 ? 1 : shape[-1];
    refuse(
        spec,
        fmt::format("holds {} in row {}, column {}, which is not a finite number", *wrong, at / columns + 1, at % columns + 1),
        "give numbers");
}

/// A path is read as everywhere; what is drawn or stands in the value itself is none.
std::string image_value(const std::string& text) {
    const bool drawn = text.starts_with("sample:") || text.starts_with("scene:") || text.starts_with("data:");
    return drawn ? text : path_from_text(text);
}

/// The value as the spec's type holds it, checked.
ParamValue checked(const ParamSpec& spec, ParamValue value) {
    if (spec.type == ParamType::number && std::holds_alternative<std::int64_t>(value)) {
        value = static_cast<double>(std::get<std::int64_t>(value));
    }
    if (value.index() != spec.fallback.index()) refuse(spec, "has a value of the wrong type", "give " + to_string(spec.type));
    switch (spec.type) {
        case ParamType::image:
            value = image_value(std::get<std::string>(value));
            [[fallthrough]];
        case ParamType::text:
            check_text(spec, std::get<std::string>(value));
            break;
        case ParamType::integer:
            check_range(spec, static_cast<double>(std::get<std::int64_t>(value)));
            break;
        case ParamType::number:
            check_range(spec, std::get<double>(value));
            break;
        case ParamType::choice: {
            const std::string& choice = std::get<std::string>(value);
            if (std::find(spec.choices.begin(), spec.choices.end(), choice) == spec.choices.end()) {
                refuse(spec, fmt::format("cannot be '{}'", shorten(sanitize_utf8(choice), 40)),
                       fmt::format("choose one of: {}", fmt::join(spec.choices, ", ")));
            }
            break;
        }
        case ParamType::toggle:
            break;
        case ParamType::matrix:
            check_matrix(spec, std::get<Tensor<float>>(value));
            break;
    }
    return value;
}

}  // namespace

std::string to_string(ParamType type) {
    switch (type) {
        case ParamType::text:
            return "text";
        case ParamType::image:
            return "image";
        case ParamType::integer:
            return "integer";
        case ParamType::number:
            return "number";
        case ParamType::choice:
            return "choice";
        case ParamType::toggle:
            return "toggle";
        case ParamType::matrix:
            return "matrix";
    }
    throw Error(ErrorCode::invalid_input, "a parameter type without a name");
}

const std::string& Params::text(const std::string& name) const {
    return value_of<std::string>(values_, name, "a text");
}
std::int64_t Params::integer(const std::string& name) const {
    return value_of<std::int64_t>(values_, name, "an integer");
}
double Params::number(const std::string& name) const {
    return value_of<double>(values_, name, "a number");
}
bool Params::toggle(const std::string& name) const {
    return value_of<bool>(values_, name, "a toggle");
}
const Tensor<float>& Params::matrix(const std::string& name) const {
    return value_of<Tensor<float>>(values_, name, "a matrix");
}

bool Params::operator==(const Params& other) const {
    return std::equal(values_.begin(), values_.end(), other.values_.begin(), other.values_.end(),
                      [](const auto& a, const auto& b) { return a.first == b.first && same_value(a.second, b.second); });
}

Params resolve(const std::vector<ParamSpec>& specs, const Params& given) {
    Params result;
    for (const ParamSpec& spec : specs) {
        result.set(spec.name, checked(spec, given.has(spec.name) ? given.values().at(spec.name) : spec.fallback));
    }
    for (const auto& [name, value] : given.values()) {
        if (result.has(name)) continue;
        std::vector<std::string> names;
        for (const ParamSpec& spec : specs) names.push_back(spec.name);
        throw Error(ErrorCode::usage, fmt::format("there is no parameter '{}'", shorten(sanitize_utf8(name), 40)),
                    names.empty() ? "this exhibit has none" : fmt::format("choose one of: {}", fmt::join(names, ", ")));
    }
    return result;
}

}  // namespace saccade
