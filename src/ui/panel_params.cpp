#include <fmt/format.h>

#include "exhibit/param_use.hpp"
#include "ui/panels.hpp"
#include "ui/param_widgets.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_unfolded = 10, first_of_many = 7;

bool as_usual(const ParamSpec& spec, const ParamValue& value) {
    Params usual, now;
    usual.set(spec.name, spec.fallback);
    now.set(spec.name, value);
    return usual == now;
}

/// A quiet line that opens what is folded, and closes it again.
void more_button(const Ui& ui, AppState& state, std::size_t folded) {
    if (folded == 0 && !state.settings_more) return;
    ImGui::Dummy({0, 2 * ui.s});
    const std::string text = state.settings_more ? "Fewer settings ▴" : fmt::format("More settings · {} ▾", folded);
    if (button(ui, "more settings", text, ButtonKind::quiet, 0, "Settings that are at their defaults"))
        state.settings_more = !state.settings_more;
    note_place(state, "more settings");
}

/// What is not read with the other settings is quiet, and says why under the mouse.
std::optional<ParamValue> setting_widget(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value) {
    const std::string unread = why_unread(state.document.exhibit(), spec.name, state.document.side().request.params);
    if (unread.empty()) return param_widget(ui, state, spec, value);
    Theme quiet = ui.theme;
    quiet.secondary = quiet.text = quiet.faint;
    quiet.accent = mix(quiet.line, quiet.faint, 0.5);
    ParamSpec told = spec;
    told.help += "\nNow it changes nothing: it is " + unread + ".";
    return param_widget({quiet, ui.fonts, ui.canvas, ui.grounds, ui.tabs, ui.s}, state, told, value);
}

}  // namespace

void params_panel(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = state.document.exhibit();
    std::vector<const ParamSpec*> settings;
    for (const ParamSpec& spec : e.params)
        if (!is_input(spec)) settings.push_back(&spec);
    const bool many = settings.size() > most_unfolded;
    std::size_t folded = 0;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const ParamSpec& spec = *settings[i];
        const Params& params = state.document.side().request.params;
        const ParamValue value = params.has(spec.name) ? params.values().at(spec.name) : spec.fallback;
        // What was changed stays in sight.
        if (many && i >= first_of_many && !state.settings_more && as_usual(spec, value)) {
            ++folded;
            continue;
        }
        if (std::optional<ParamValue> changed = setting_widget(ui, state, spec, value)) {
            // Back at its usual value it would vanish while it is being edited.
            if (i >= first_of_many) state.settings_more = true;
            if (spec.name == "model" && spec.type == ParamType::choice)
                act.inputs().set_model(std::get<std::string>(*changed));
            else
                act.inputs().set_param(spec.name, std::move(*changed));
        }
    }
    if (many) more_button(ui, state, folded);
}

}  // namespace saccade
