#include "exhibit/capture_about.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "base/error.hpp"
#include "base/typed_text.hpp"
#include "base/utf8.hpp"
#include "io/json_text.hpp"
#include "io/text_file.hpp"

namespace saccade {

namespace {

using nlohmann::json;

constexpr std::size_t most_about_bytes = std::size_t{64} << 20;

std::string trimmed(std::string_view text) {
    const std::size_t from = text.find_first_not_of(" \t\r\n");
    if (from == std::string_view::npos) return "";
    return std::string(text.substr(from, text.find_last_not_of(" \t\r\n") - from + 1));
}

std::vector<std::string> split(std::string_view text, std::string_view marks) {
    std::vector<std::string> parts;
    while (true) {
        const std::size_t at = text.find_first_of(marks);
        parts.push_back(trimmed(text.substr(0, at)));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

/// The kind that a name stands for, if it is one.
std::optional<AxisKind> kind_named(const std::string& name) {
    try {
        return axis_kind_from(name);
    } catch (const Error&) {
        return std::nullopt;
    }
}

/// Of two descriptions of one thing, one is wrong, and nothing says which.
[[noreturn]] void refuse_twice(const std::string& where, const char* what, const std::string& name) {
    throw Error(ErrorCode::bad_format, fmt::format("{}: {} '{}' is described twice", where, what, shorten(name, 60)),
                "describe each once");
}

std::map<std::string, AboutAxis> described_axes(const JsonObject& document, const std::string& where) {
    std::map<std::string, AboutAxis> axes;
    for (const json& value : document.list("axes")) {
        const JsonObject object(value, where + ": an axis");
        AboutAxis axis;
        std::string kind;
        object.needs({"name"}).text("name", axis.name, 200);
        object.text("kind", kind, 40);
        object.texts("labels", axis.labels);
        axis.kind = axis_kind_from(kind.empty() ? axis.name : kind);
        if (axes.contains(axis.name)) refuse_twice(where, "axis", axis.name);
        axes[axis.name] = std::move(axis);
    }
    return axes;
}

AboutTensor described_tensor(const json& value, const std::map<std::string, AboutAxis>& axes, const std::string& where) {
    const JsonObject object(value, where + ": a tensor");
    AboutTensor tensor;
    std::string role;
    std::vector<std::string> names;
    object.needs({"name"}).text("name", tensor.name, 4096);
    object.text("role", role, 40);
    object.texts("axes", names);
    object.texts("parts", tensor.parts);
    object.text("key", tensor.key, 4096);
    object.number("scale", tensor.scale, 0, 1e6);
    object.toggle("causal", tensor.causal);
    if (!role.empty()) tensor.role = role_from(role);
    std::set<std::string_view> parts;
    for (const std::string& part : tensor.parts)
        if (!parts.insert(part).second)
            throw Error(
                ErrorCode::bad_format,
                fmt::format("{}: part '{}' of '{}' stands there twice", where, shorten(part, 60), shorten(tensor.name, 60)),
                "name each array once");
    for (const std::string& name : names) {
        const auto known = axes.find(name);
        if (known != axes.end())
            tensor.axes.push_back(known->second);
        else
            tensor.axes.push_back({name, axis_kind_from(name), {}});
    }
    return tensor;
}

/// The text that describes the arrays, and where it stands; empty if there is none.
std::pair<std::string, std::string> about_text(const ArrayFile& file) {
    for (const char* name : {"saccade", "capture.json", "trace.json"})
        if (const auto found = file.texts().find(name); found != file.texts().end())
            return {found->second, fmt::format("{}: '{}'", file.path(), name)};
    const std::string beside = file.path() + ".json";
    std::error_code not_there;
    if (!std::filesystem::is_regular_file(beside, not_there)) return {};
    return {read_text(beside, most_about_bytes), beside};
}

}  // namespace

const AboutTensor* CaptureAbout::find(const std::string& name) const {
    const auto found = std::ranges::find(tensors, name, &AboutTensor::name);
    return found == tensors.end() ? nullptr : &*found;
}

CaptureAbout capture_about(const ArrayFile& file) {
    CaptureAbout about;
    const auto [text, where] = about_text(file);
    if (text.empty()) return about;
    try {
        const json document = parse_json(text, where, "write it again with saccade_capture.py");
        const JsonObject object(document, where);
        std::string format;
        int version = 1;
        object.text("format", format, 100);
        object.whole("version", version, 1);
        if (!format.empty() && format != "saccade-capture" && format != "saccade-trace")
            throw Error(ErrorCode::bad_format, fmt::format("{}: the format is '{}'", where, shorten(format, 40)),
                        "it should be saccade-capture");
        if (version > 1) throw Error(ErrorCode::bad_format, where + ": was written by a newer Saccade", "update Saccade");
        object.text("title", about.title, 1000);
        const std::map<std::string, AboutAxis> axes = described_axes(object, where);
        std::set<std::string> tensors;
        for (const json& value : object.list("tensors")) {
            AboutTensor tensor = described_tensor(value, axes, where);
            if (!tensors.insert(tensor.name).second) refuse_twice(where, "tensor", tensor.name);
            about.tensors.push_back(std::move(tensor));
        }
    } catch (const Error& error) {
        if (error.message().starts_with(where)) throw;
        throw Error(error.code(), where + ": " + error.message(), error.hint());
    }
    return about;
}

CaptureTokens capture_tokens(const std::string& text, const std::string& where) {
    CaptureTokens tokens;
    const std::string whole = trimmed(text);
    if (whole.empty()) return tokens;
    const auto list = [&](const json& values) {
        std::vector<std::string> texts;
        for (const json& value : values) {
            if (!value.is_string())
                throw Error(ErrorCode::invalid_input, where + ": not every entry of the list is a text",
                            "write [\"a\", \"b\"]");
            texts.push_back(value.get<std::string>());
        }
        return texts;
    };
    if (whole.front() == '[' || whole.front() == '{') {
        // "[CLS] the cat" begins like a list, too.
        const bool word = whole.front() == '[' && whole.find_first_of("\"]{[ \t\r\n-0123456789", 1) != 1;
        if (!word) {
            const json parsed = parse_json(whole, where, "write a list of texts, or one token a line");
            if (parsed.is_array()) {
                tokens.query = tokens.key = list(parsed);
            } else if (parsed.is_object() && parsed.value("query", json::array()).is_array() &&
                       parsed.value("key", json::array()).is_array()) {
                tokens.query = list(parsed.value("query", json::array()));
                tokens.key = list(parsed.value("key", json::array()));
            } else {
                throw Error(ErrorCode::invalid_input,
                            where + ": neither a list of texts nor {\"query\": [...], \"key\": [...]}",
                            "write one of these, or one token a line");
            }
            return tokens;
        }
    }
    if (whole.find('\n') != std::string::npos) {
        std::string_view rest = text;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            std::string_view line = rest.substr(0, end);
            if (line.ends_with('\r')) line.remove_suffix(1);
            tokens.query.emplace_back(line);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
        while (!tokens.query.empty() && tokens.query.back().empty()) tokens.query.pop_back();  // lines after the last
    } else {
        for (std::string& word : split(whole, " \t"))
            if (!word.empty()) tokens.query.push_back(std::move(word));
    }
    tokens.key = tokens.query;
    return tokens;
}

std::vector<AxisKind> axis_kinds_from(const std::string& text) {
    std::vector<AxisKind> kinds;
    for (const std::string& name : split(text, ",;")) {
        const auto kind = kind_named(name);
        if (!kind)
            throw Error(ErrorCode::invalid_input, fmt::format("Axes: '{}' is no kind of axis", shorten(name, 40)),
                        "write for example: layer, head, query, key; or batch, feature, channel, y, x, step, class");
        if (std::ranges::find(kinds, *kind) != kinds.end())
            throw Error(ErrorCode::invalid_input, fmt::format("Axes: {} stands there twice", to_string(*kind)),
                        "name each axis once, for example: layer, head, query, key");
        kinds.push_back(*kind);
    }
    return kinds;
}

std::string axis_kinds_text(const std::vector<AxisKind>& kinds) {
    std::string text;
    for (const AxisKind kind : kinds) text += (text.empty() ? "" : ", ") + to_string(kind);
    return text;
}

std::map<AxisKind, CaptureRange> capture_part_from(const std::string& text) {
    std::map<AxisKind, CaptureRange> part;
    if (trimmed(text).empty()) return part;
    for (const std::string& one : split(text, ",;")) {
        const std::size_t blank = one.find_first_of(" \t");
        const auto kind = kind_named(one.substr(0, blank));
        const std::string numbers = blank == std::string::npos ? "" : trimmed(std::string_view(one).substr(blank));
        Index first = 0, last = 0;
        const char* end = numbers.data() + numbers.size();
        auto [at, problem] = std::from_chars(numbers.data(), end, first);
        bool good = kind && problem == std::errc();
        if (good && at == end) {
            last = first;
        } else if (good) {
            good = *at == '-' || *at == ':';
            const auto [stop, wrong] = std::from_chars(at + 1, end, last);
            good = good && wrong == std::errc() && stop == end;
        }
        if (!good || first < 1 || last < first || last > (Index{1} << 48))
            throw Error(ErrorCode::invalid_input, fmt::format("Part: '{}' cannot be read", shorten(one, 40)),
                        "write for example: layer 2, head 3-5, query 101-612");
        if (!part.emplace(*kind, CaptureRange{first - 1, last}).second)
            throw Error(ErrorCode::invalid_input, fmt::format("Part: {} stands there twice", to_string(*kind)),
                        "name each axis once");
    }
    return part;
}

std::string capture_part_text(const std::map<AxisKind, CaptureRange>& part) {
    std::string text;
    for (const auto& [kind, range] : part)
        text += (text.empty() ? "" : ", ") + to_string(kind) + " " +
                (range.count() == 1 ? std::to_string(range.end) : fmt::format("{}-{}", range.begin + 1, range.end));
    return text;
}

}  // namespace saccade
