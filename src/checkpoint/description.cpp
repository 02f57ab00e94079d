#include "checkpoint/description.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/utf8.hpp"
#include "checkpoint/pattern.hpp"

namespace saccade {

Description::Description(const nlohmann::json& value, const std::string& where) : where_(where), object_(value, where) {
    object_.needs({"type"}).text("type", type_);
}

bool Description::given(const char* key) const {
    const nlohmann::json* value = object_.find(key);
    return value != nullptr && !value->is_null();
}

const std::vector<nlohmann::json>& Description::parts(const char* key) const {
    return object_.needs({key}).list(key);
}

const std::vector<nlohmann::json>& Description::steps(const char* key) const {
    constexpr std::size_t most = 64;
    const std::vector<nlohmann::json>& all = parts(key);
    if (all.size() > most)
        throw Error(ErrorCode::out_of_range,
                    fmt::format("{}: {} {} one after the other; at most {} are read", where_, all.size(), key, most),
                    "this tokenizer is damaged, or not one");
    return all;
}

bool Description::toggle(const char* key, bool otherwise) const {
    if (given(key)) object_.toggle(key, otherwise);
    return otherwise;
}

std::string Description::text(const char* key, const std::string& otherwise) const {
    std::string value = otherwise;
    if (given(key)) object_.text(key, value);
    return value;
}

Pattern Description::pattern(const char* key) const {
    const std::string place = fmt::format("{}: {}", where_, type_);
    object_.needs({key});
    // Older files write a string as it is.
    if (object_.find(key)->is_string()) return Pattern::of_text(object_.find(key)->get<std::string>());
    const JsonObject given_pattern = object_.object(key);
    std::string text;
    if (given_pattern.find("Regex") != nullptr) {
        given_pattern.text("Regex", text);
        return Pattern::of_expression(text, place);
    }
    given_pattern.needs({"String"}).text("String", text);
    return Pattern::of_text(text);
}

void Description::refuse() const {
    throw Error(ErrorCode::unsupported,
                fmt::format("{}: '{}' is a part that Saccade does not know", where_, shorten(type_, 40)),
                "a tokenizer of BERT, GPT-2, Llama, Qwen or T5 has none such");
}

}  // namespace saccade
