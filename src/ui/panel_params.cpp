#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "exhibit/param_use.hpp"
#include "exhibit/run_range.hpp"
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
    const std::string text = state.settings_more ? tr("Fewer settings ▴") : tr("More settings · {} ▾", folded);
    if (button(ui, "more settings", text, ButtonKind::quiet, 0, tr("Settings that are at their defaults")))
        state.settings_more = !state.settings_more;
    note_place(state, "more settings");
}

/// The spec, as far as it goes in the run that is shown: a position goes no further than the text. A value beyond that stays.
ParamSpec as_in_run(const AppState& state, const ParamSpec& spec, const ParamValue& value) {
    const Exhibit& e = state.document.exhibit();
    const Side& side = state.document.side();
    const auto* now = std::get_if<std::int64_t>(&value);
    if (spec.type != ParamType::integer || now == nullptr || side.trace() == nullptr) return spec;
    ParamSpec in_run = spec;
    if (const auto most = range_in_run(e, spec.name, *side.trace()))
        in_run.max = std::max({spec.min, std::min(spec.max, static_cast<double>(*most)), static_cast<double>(*now)});
    return in_run;
}

/// Settings of other models than the one that is open: they are named, once.
void other_models_line(const Ui& ui, const AppState& state, const std::vector<const ParamSpec*>& left_out) {
    if (left_out.empty()) return;
    const Params& params = state.document.side().request.params;
    std::string names, reasons;
    for (const ParamSpec* spec : left_out) {
        names += (names.empty() ? "" : ", ") + tr(spec->title);
        reasons += (reasons.empty() ? "" : "\n") + tr(spec->title) + ": " +
                   tr_composed(why_unread(state.document.exhibit(), spec->name, params));
    }
    ImGui::Dummy({0, 2 * ui.s});
    label(ui, tr("Not for this model: {}", names), ui.theme.faint, 13, Font::ui, ImGui::GetContentRegionAvail().x);
    if (ImGui::IsItemHovered()) tooltip(ui, reasons);
}

/// What is not read with the other settings is quiet, and says why under the mouse.
std::optional<ParamValue> setting_widget(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value) {
    const std::string unread = why_unread(state.document.exhibit(), spec.name, state.document.side().request.params);
    if (unread.empty()) return param_widget(ui, state, spec, value);
    Theme quiet = ui.theme;
    quiet.secondary = quiet.text = quiet.faint;
    quiet.accent = mix(quiet.line, quiet.faint, 0.5);
    ParamSpec told = spec;
    told.help += "\n" + tr("Now it changes nothing: it is {}.", tr_composed(unread));
    return param_widget({quiet, ui.fonts, ui.canvas, ui.grounds, ui.tabs, ui.s}, state, told, value);
}

}  // namespace

void params_panel(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = state.document.exhibit();
    std::vector<const ParamSpec*> settings, of_others;
    const Params& now = state.document.side().request.params;
    for (const ParamSpec& spec : e.params) {
        const bool usual = !now.has(spec.name) || as_usual(spec, now.values().at(spec.name));
        // What was set stays in sight, whatever model is open.
        if (usual && is_of_other_models(e, spec.name, now))
            of_others.push_back(&spec);
        else if (!is_input(spec))
            settings.push_back(&spec);
    }
    const bool many = settings.size() > most_unfolded;
    std::size_t folded = 0;
    for (std::size_t i = 0; i < settings.size(); ++i) {
        const Params& params = state.document.side().request.params;
        const ParamValue value = params.has(settings[i]->name) ? params.values().at(settings[i]->name) : settings[i]->fallback;
        const ParamSpec spec = in_language(as_in_run(state, *settings[i], value));
        // What was changed stays in sight.
        if (many && i >= first_of_many && !state.settings_more && as_usual(spec, value)) {
            ++folded;
            continue;
        }
        if (std::optional<ParamValue> changed = setting_widget(ui, state, spec, value)) {
            // Back at its usual value it would vanish while it is being edited.
            if (i >= first_of_many) state.settings_more = true;
            if (spec.is_path)
                act.files().open_path(spec.name, std::get<std::string>(*changed));
            else if (spec.name == "model" && spec.type == ParamType::choice)
                act.inputs().set_model(std::get<std::string>(*changed));
            else
                act.inputs().set_param(spec.name, std::move(*changed));
        }
    }
    if (many) more_button(ui, state, folded);
    other_models_line(ui, state, of_others);
}

}  // namespace saccade
