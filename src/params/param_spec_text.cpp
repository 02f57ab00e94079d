#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "io/json_text.hpp"
#include "params/matrix_file.hpp"
#include "params/matrix_json.hpp"
#include "params/matrix_text.hpp"
#include "params/param_spec.hpp"

// Parameter values as text (command line, fields) and as JSON (sessions, describe).

namespace saccade {

namespace {

using nlohmann::json;

[[noreturn]] void refuse_text(const ParamSpec& spec, const std::string& text, const std::string& hint) {
    throw Error(ErrorCode::usage,
                fmt::format("--{} '{}' is not {} value", spec.name, shorten(sanitize_utf8(text), 40),
                            (spec.type == ParamType::integer ? "an " : "a ") + to_string(spec.type)),
                hint);
}

template <class T>
T parse_number(const ParamSpec& spec, const std::string& written, const std::string& hint) {
    const std::string text = read_text_of(written);
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) refuse_text(spec, text, hint);
    return value;
}

Tensor<float> parse_matrix(const ParamSpec& spec, const std::string& text) {
    try {
        return matrix_from_words(text);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::invalid_input) throw;  // about a file
        throw Error(ErrorCode::usage, fmt::format("--{}: {}", spec.name, error.message()), error.hint());
    }
}

/// Infinity, where a number may be that, is a word: JSON has none for it.
constexpr const char* infinity_word = "inf";

bool is_infinity(const std::string& text) {
    return text == infinity_word || text == "infinity" || text == "Infinity" || text == "∞";
}

json number_to_json(double number) {
    return std::isinf(number) ? json((number < 0 ? "-" : "") + std::string(infinity_word)) : json(number);
}

json value_to_json(const ParamValue& value) {
    if (const auto* matrix = std::get_if<Tensor<float>>(&value)) return matrix_to_json(*matrix);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return *integer;
    if (const auto* number = std::get_if<double>(&value)) return number_to_json(*number);
    return std::get<bool>(value);
}

ParamValue value_from_json(const ParamSpec& spec, const json& value) {
    switch (spec.type) {
        case ParamType::text:
        case ParamType::image:
        case ParamType::choice:
            if (!value.is_string()) break;
            return value.get<std::string>();
        case ParamType::integer:
            if (const auto whole = whole_in<std::int64_t>(value)) return *whole;
            break;
        case ParamType::number:
            if (value.is_string() && is_infinity(value.get<std::string>())) return std::numeric_limits<double>::infinity();
            if (const auto number = number_in(value)) return *number;
            break;
        case ParamType::toggle:
            if (!value.is_boolean()) break;
            return value.get<bool>();
        case ParamType::matrix:
            return matrix_from_json(value);
    }
    throw Error(ErrorCode::bad_format, "expected " + to_string(spec.type));
}

}  // namespace

ParamValue parse_param(const ParamSpec& spec, const std::string& text) {
    switch (spec.type) {
        case ParamType::text:
        case ParamType::image:
            return text;
        case ParamType::integer:
            return parse_number<std::int64_t>(spec, text, "give a whole number");
        case ParamType::number:
            if (is_infinity(text)) return std::numeric_limits<double>::infinity();
            return parse_number<double>(spec, text, "give a number");
        case ParamType::choice:
            if (std::find(spec.choices.begin(), spec.choices.end(), text) == spec.choices.end()) {
                refuse_text(spec, text, fmt::format("choose one of: {}", fmt::join(spec.choices, ", ")));
            }
            return text;
        case ParamType::toggle: {
            constexpr std::array yes{"true", "on", "yes", "1"};
            constexpr std::array no{"false", "off", "no", "0"};
            if (std::find(yes.begin(), yes.end(), text) != yes.end()) return true;
            if (std::find(no.begin(), no.end(), text) != no.end()) return false;
            refuse_text(spec, text, "write on or off");
        }
        case ParamType::matrix:
            return parse_matrix(spec, text);
    }
    refuse_text(spec, text, "");
}

std::string format_param(const ParamValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* matrix = std::get_if<Tensor<float>>(&value)) return matrix_to_text(*matrix);
    const json written = value_to_json(value);
    return written.is_string() ? written.get<std::string>() : written.dump();
}

json to_json(const ParamSpec& spec) {
    json result = {{"name", spec.name},
                   {"type", to_string(spec.type)},
                   {"title", spec.title},
                   {"help", spec.help},
                   {"default", value_to_json(spec.fallback)}};
    if (!spec.unit.empty()) result["unit"] = spec.unit;
    if (spec.type == ParamType::text && spec.max > 0) result["max_length"] = static_cast<std::int64_t>(spec.max);
    if ((spec.type == ParamType::integer || spec.type == ParamType::number) && (spec.min != 0 || spec.max != 0)) {
        result["min"] = number_to_json(spec.min);
        result["max"] = number_to_json(spec.max);
    }
    if (spec.type == ParamType::matrix && spec.max > 0) result["max_extent"] = static_cast<std::int64_t>(spec.max);
    if (!spec.choices.empty()) result["choices"] = spec.choices;
    if (!spec.choice_titles.empty()) result["choice_titles"] = spec.choice_titles;
    if (!spec.examples.empty()) result["examples"] = spec.examples;
    if (spec.optional_text) result["optional"] = true;
    return result;
}

json to_json(const Params& params) {
    json result = json::object();
    for (const auto& [name, value] : params.values()) result[name] = value_to_json(value);
    return result;
}

Params params_from_json(const std::vector<ParamSpec>& specs, const json& values) {
    if (!values.is_object()) throw Error(ErrorCode::bad_format, "params is not a JSON object");
    Params params;
    for (const ParamSpec& spec : specs) {
        const auto found = values.find(spec.name);
        if (found == values.end()) continue;
        try {
            params.set(spec.name, value_from_json(spec, *found));
        } catch (const Error& error) {
            throw Error(ErrorCode::bad_format, fmt::format("params.{}: {}", spec.name, error.message()));
        }
    }
    return params;
}

}  // namespace saccade
