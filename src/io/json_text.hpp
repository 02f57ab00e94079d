#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace saccade {

/// How much JSON is read at most. Brackets lie at most 64 deep, whoever reads: what walks through a document calls itself for
/// each.
struct JsonLimits {
    static constexpr std::size_t deepest = 64;
    std::size_t bytes = std::size_t{128} << 20;
    std::size_t values = std::size_t{1} << 22;  // each takes 16 bytes of memory, however short its text
};

/// Where a byte of a text stands, in characters, as an editor counts them: from 1.
struct TextPlace {
    std::ptrdiff_t line = 1, column = 1;
};
TextPlace place_in(std::string_view text, std::size_t byte);

/// The one way from text to JSON. Error{bad_format} "WHERE: ..." with `hint`: not JSON (its line and column are said), deeper
/// or larger than the limits, or with a number that no double holds (1e999).
nlohmann::json parse_json(std::string_view text, const std::string& where, const std::string& hint,
                          const JsonLimits& limits = {});

/// The number, if the value is a whole one within the bounds. 7.0 is whole; what a type cannot hold is none.
template <class Whole>
std::optional<Whole> whole_in(const nlohmann::json& value, Whole least = std::numeric_limits<Whole>::min(),
                              Whole most = std::numeric_limits<Whole>::max());
/// The number, if the value is one within the bounds. As a float it is rounded, never infinite.
std::optional<double> number_in(const nlohmann::json& value, double least = std::numeric_limits<double>::lowest(),
                                double most = std::numeric_limits<double>::max());
std::optional<float> float_in(const nlohmann::json& value);

/// Reads the keys of an object, each into a target that stays as it is where the key is missing. What is of another type or out
/// of bounds is an Error{bad_format} "WHERE: 'KEY' is VALUE" with the given hint, or else with what is allowed.
class JsonObject {
 public:
    /// Error{bad_format} "WHERE is not an object". The value must outlive it.
    JsonObject(const nlohmann::json& value, std::string where, std::string hint = {});

    /// Error{bad_format} if one of these keys is missing.
    const JsonObject& needs(std::initializer_list<const char*> keys) const;
    /// Null if there is no such key.
    const nlohmann::json* find(const char* key) const;
    /// The object under a key. Error{bad_format} if it is none, or missing.
    JsonObject object(const char* key) const;
    /// The values of a list; none where the key is missing.
    const std::vector<nlohmann::json>& list(const char* key) const;

    template <class Whole>
    void whole(const char* key, Whole& target, Whole least = std::numeric_limits<Whole>::min(),
               Whole most = std::numeric_limits<Whole>::max()) const;
    void number(const char* key, double& target, double least = std::numeric_limits<double>::lowest(),
                double most = std::numeric_limits<double>::max()) const;
    void toggle(const char* key, bool& target) const;
    void text(const char* key, std::string& target, std::size_t most_bytes = std::string::npos) const;
    void texts(const char* key, std::vector<std::string>& target) const;
    void wholes(const char* key, std::vector<std::int64_t>& target,
                std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
    /// As many as the target holds.
    void numbers(const char* key, std::span<float> target) const;

    const nlohmann::json& value() const { return *value_; }
    [[noreturn]] void refuse(const char* key, const nlohmann::json& value, const std::string& allowed) const;

 private:
    const nlohmann::json* value_;
    std::string where_, hint_;
};

}  // namespace saccade
