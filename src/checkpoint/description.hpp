#pragma once

#include <string>
#include <vector>

#include "io/json_text.hpp"

namespace saccade {

class Pattern;

/// One part of a tokenizer.json: an object with a "type".
class Description {
 public:
    /// `where`: "tokenizer.json: normalizer". Error{bad_format} if it is no object or has no type.
    Description(const nlohmann::json& value, const std::string& where);

    const std::string& type() const { return type_; }
    const JsonObject& object() const { return object_; }
    /// The parts of a "Sequence".
    const std::vector<nlohmann::json>& parts(const char* key) const;
    /// The same of steps, of which a text goes through every one: Error{out_of_range} for more than 64.
    const std::vector<nlohmann::json>& steps(const char* key) const;
    /// What is not described, or null, is `otherwise`.
    bool toggle(const char* key, bool otherwise) const;
    std::string text(const char* key, const std::string& otherwise) const;
    /// {"String": "a"} or {"Regex": "a+"}
    Pattern pattern(const char* key) const;
    /// Error{unsupported}: this type is not known.
    [[noreturn]] void refuse() const;

 private:
    bool given(const char* key) const;

    std::string where_, type_;
    JsonObject object_;
};

}  // namespace saccade
