#include "ui/path_field.hpp"

#include <imgui.h>

namespace saccade {

PathField::PathField(AppState& state, const ParamSpec& spec, const std::string& value)
    : state_(state), spec_(spec), value_(value), text_(value) {
    TypedPath& typed = state.document.path;
    if (typed.param == spec.name && typed.instead_of != value) typed = {};
    if (is_typed()) text_ = typed.text;
}

bool PathField::is_typed() const {
    return spec_.is_path && state_.document.path.param == spec_.name;
}

bool PathField::wrong() const {
    return is_typed() && state_.document.path.wrong;
}

std::optional<std::string> PathField::after(const std::string& text, bool changed) {
    if (!spec_.is_path) return changed ? std::optional(text) : std::nullopt;
    TypedPath& typed = state_.document.path;
    if (changed) typed = {spec_.name, text, value_, false};
    if (!ImGui::IsItemDeactivated() || !is_typed()) return std::nullopt;
    if (state_.escape == Layer::field || typed.text == value_) {
        typed = {};
        return std::nullopt;
    }
    return typed.text;
}

}  // namespace saccade
