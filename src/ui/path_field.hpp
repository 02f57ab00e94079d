#pragma once

#include <optional>
#include <string>

#include "params/param_spec.hpp"
#include "ui/app_state.hpp"

namespace saccade {

/// A field whose text is a path. It is opened when the field is left or Enter is pressed, not at each key: on the way to
/// "models/gpt2" stand other folders. Esc puts back what is open. Of any other parameter it is a plain field.
class PathField {
 public:
    PathField(AppState& state, const ParamSpec& spec, const std::string& value);
    /// What stands in it: what is typed, or the value.
    const std::string& text() const { return text_; }
    /// What it says cannot be read.
    bool wrong() const;
    /// After the field was drawn, as ImGui's last item, with `text` in it: what is to become of the parameter now, if anything
    /// is. `changed`: as the field said.
    std::optional<std::string> after(const std::string& text, bool changed);

 private:
    bool is_typed() const;

    AppState& state_;
    const ParamSpec& spec_;
    std::string value_, text_;
};

}  // namespace saccade
