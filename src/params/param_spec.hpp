#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <variant>
#include <vector>

#include "tensor/tensor.hpp"

namespace saccade {

enum class ParamType { text, image, integer, number, choice, toggle, matrix };
std::string to_string(ParamType type);

using ParamValue = std::variant<std::string, std::int64_t, double, bool, Tensor<float>>;

/// One thing that a user may set on an exhibit. The window, the command line, sessions and `describe` are all made from it.
struct ParamSpec {
    std::string name;  // "source": flag --source, JSON key
    ParamType type;
    std::string title;    // "Source"
    std::string help;     // one sentence; for choices with an equation, in the tooltip
    ParamValue fallback;  // the default value
    std::string unit{};
    // integer, number: inclusive, a max of infinity lets infinity itself be given; text: max = code points; matrix: max = rows
    // and columns
    double min = 0, max = 0;
    bool log_scale = false;
    std::vector<std::string> choices{};
    std::vector<std::string> choice_titles{};  // empty, or one per choice
    std::vector<std::string> examples{};       // text: what the Example menu offers
    bool optional_text = false;  // text: empty means "not set" and is allowed; then `placeholder` says what happens
    std::string placeholder{};
    bool is_path = false;  // text: a file that the exhibit reads
    bool aside = false;    // text: stands among the settings, not above the stage
    std::string
        offered_by{};  // text: the name of a text of the run (Trace::texts); a menu offers what stands in it between ", "
};

/// Values by name. Missing ones stand for their defaults.
class Params {
 public:
    Params() = default;

    void set(const std::string& name, ParamValue value) { values_[name] = std::move(value); }
    bool has(const std::string& name) const { return values_.count(name) != 0; }
    /// Error{not_found}: asked for a parameter that the exhibit does not declare (a programming error, still no abort).
    const std::string& text(const std::string& name) const;
    std::int64_t integer(const std::string& name) const;
    double number(const std::string& name) const;
    bool toggle(const std::string& name) const;
    const Tensor<float>& matrix(const std::string& name) const;
    const std::map<std::string, ParamValue>& values() const { return values_; }

    bool operator==(const Params& other) const;

 private:
    std::map<std::string, ParamValue> values_;
};

/// All values, defaults filled in, each checked against its spec (type, range, choice, UTF-8, length).
/// Error{invalid_input} names the parameter's title, what was wrong and what is allowed; Error{usage} for an unknown name.
Params resolve(const std::vector<ParamSpec>& specs, const Params& given);

/// Text from the command line or a field to a value of the spec's type. Error{usage}.
ParamValue parse_param(const ParamSpec& spec, const std::string& text);
std::string format_param(const ParamValue& value);

nlohmann::json to_json(const ParamSpec& spec);
nlohmann::json to_json(const Params& params);
/// Keys that are not parameters are left out. Error{bad_format} names the key.
Params params_from_json(const std::vector<ParamSpec>& specs, const nlohmann::json& json);

}  // namespace saccade
