#include "ui/param_widgets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/path_field.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_segments = 8;         // seven choices, and "as trained"
constexpr std::size_t most_brief_segments = 12;  // of names as short as "3.2"

void title(const Ui& ui, const ParamSpec& spec, float room) {
    ImGui::Dummy({0, 2 * ui.s});
    label(ui, spec.title, ui.theme.secondary, 13, Font::ui, room);
    if (ImGui::IsItemHovered()) tooltip(ui, spec.help);
}

std::optional<ParamValue> choice(const Ui& ui, AppState& state, const ParamSpec& spec, const std::string& value) {
    const std::vector<std::string>& titles =
        spec.choice_titles.size() == spec.choices.size() ? spec.choice_titles : spec.choices;
    const int chosen = static_cast<int>(std::find(spec.choices.begin(), spec.choices.end(), value) - spec.choices.begin());
    title(ui, spec, ImGui::GetContentRegionAvail().x);
    int clicked = -1;
    const bool brief = std::all_of(titles.begin(), titles.end(), [](const std::string& t) { return t.size() <= 3; });
    if (spec.choices.size() <= (brief ? most_brief_segments : most_segments)) {
        const std::vector<std::string> hints(titles.size(), spec.help);
        clicked = segments(ui, spec.name.c_str(), titles, chosen, hints,
                           [&](int i) { note_place(state, spec.name + "=" + spec.choices[static_cast<std::size_t>(i)]); });
    } else {
        const std::string menu = "menu_" + spec.name;
        const bool known = chosen < static_cast<int>(titles.size());
        const std::string shown = known ? titles[static_cast<std::size_t>(chosen)] : value;
        if (button(ui, spec.name.c_str(), fitted(ui, shown, 15, Font::ui, ImGui::GetContentRegionAvail().x - 60 * ui.s) + " ▾",
                   ButtonKind::plain, ImGui::GetContentRegionAvail().x, spec.help))
            ImGui::OpenPopup(menu.c_str());
        note_place(state, spec.name);
        if (ImGui::BeginPopup(menu.c_str())) {
            for (std::size_t i = 0; i < titles.size(); ++i) {
                ui.fonts.need(titles[i]);
                if (ImGui::Selectable((titles[i] + "##" + spec.choices[i]).c_str(), static_cast<int>(i) == chosen))
                    clicked = static_cast<int>(i);
                note_place(state, spec.name + "=" + spec.choices[i]);
            }
            ImGui::EndPopup();
        }
    }
    if (clicked < 0 || clicked == chosen) return std::nullopt;
    return spec.choices[static_cast<std::size_t>(clicked)];
}

std::optional<ParamValue> toggle(const Ui& ui, AppState& state, const ParamSpec& spec, bool value) {
    ImGui::Dummy({0, 2 * ui.s});
    const float room = ImGui::GetContentRegionAvail().x;
    const float x = ImGui::GetCursorPosX();
    label(ui, spec.title, ui.theme.secondary, 13, Font::ui, room - 48 * ui.s);
    if (ImGui::IsItemHovered()) tooltip(ui, spec.help);
    ImGui::SameLine();
    ImGui::SetCursorPosX(x + room - 36 * ui.s);
    const bool clicked = toggle_switch(ui, spec.name.c_str(), value);
    note_place(state, spec.name);
    if (ImGui::IsItemHovered()) tooltip(ui, spec.help);
    if (!clicked) return std::nullopt;
    return !value;
}

/// Of a number that is being left, what it is from now on, if what stands there cannot be: the nearest that can, or what it was
/// before anybody typed; so also by Esc.
std::optional<ParamValue> as_left(const ParamSpec& spec, const TypedNumber& typed) {
    if (typed.of != spec.name || number_from_field(spec, typed.text)) return std::nullopt;
    if (compat::key_pressed(ImGuiKey_Escape, false)) return typed.before;
    return nearest_number(spec, typed.text).value_or(typed.before);
}

/// The number itself, to be typed over: live, as far as it is a number within the range.
std::optional<ParamValue> number_field(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value,
                                       float width) {
    const float s = ui.s;
    std::string text = number_field_text(spec, value);
    ImGui::SetNextItemWidth(width);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(8 * s, 2 * s));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, 6 * s);
    const bool changed = text_input(ui, ("##" + spec.name).c_str(), text, "", Font::mono, 14, state.reload_now);
    ImGui::PopStyleVar(2);
    note_place(state, spec.name);
    if (ImGui::IsItemActivated()) state.typed_number = {spec.name, value, text};
    if (ImGui::IsItemActive()) state.typed_number.text = text;
    const std::optional<ParamValue> left = ImGui::IsItemDeactivated() ? as_left(spec, state.typed_number) : std::nullopt;
    if (left) return left;
    const std::optional<ParamValue> typed = number_from_field(spec, text);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    if (ImGui::IsItemActive() || !typed)
        ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(typed ? ui.theme.accent : ui.theme.broken), 6 * s);
    if (!typed || ImGui::IsItemHovered()) {
        std::string range;
        if (!(spec.min == 0 && spec.max == 0))
            range = tr("from {:g} to {}", spec.min, std::isinf(spec.max) ? "∞" : fmt::format("{:g}", spec.max));
        const std::string kind = spec.type == ParamType::integer ? tr("a whole number") : tr("a number");
        tooltip(ui, typed ? spec.help + (range.empty() ? "" : "\n" + range) : kind + (range.empty() ? "" : " " + range));
    }
    return changed ? typed : std::nullopt;
}

std::optional<ParamValue> number(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value) {
    const float s = ui.s;
    const float room = ImGui::GetContentRegionAvail().x;
    const float left = ImGui::GetCursorPosX();
    const float field = 72 * s;
    const ScreenTextMeasure measure(ui.fonts);
    const float unit = spec.unit.empty() ? 0 : static_cast<float>(measure.width(spec.unit, 13, Font::ui)) * s + 8 * s;
    const float top = ImGui::GetCursorPosY() + 6 * s;
    ImGui::SetCursorPosY(top + 4 * s);
    label(ui, spec.title, ui.theme.secondary, 13, Font::ui, room - field - unit - 12 * s);
    if (ImGui::IsItemHovered()) tooltip(ui, spec.help);
    ImGui::SetCursorPos({left + room - field - unit, top});
    std::optional<ParamValue> changed = number_field(ui, state, spec, value, field);
    if (unit > 0) {
        ImGui::SetCursorPos({left + room - unit + 8 * s, top + 4 * s});
        label(ui, spec.unit, ui.theme.faint, 13);
    }
    const SliderScale scale(spec);
    ImGui::SetCursorPos({left, top + 26 * s});
    if (!scale.limited()) return changed;
    const bool whole = spec.type == ParamType::integer;
    const double now = whole ? static_cast<double>(std::get<std::int64_t>(value)) : std::get<double>(value);
    double position = scale.position(now);
    const bool slid = slider(ui, ("slider_" + spec.name).c_str(), position, 0, 1, room);
    note_place(state, "slider " + spec.name);
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(0)) return spec.fallback;
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive())
        tooltip(ui, spec.help + "\n" + tr("double click: {} again", number_field_text(spec, spec.fallback)));
    if (slid && scale.value(position) != now) {
        changed = whole ? ParamValue(static_cast<std::int64_t>(scale.value(position))) : ParamValue(scale.value(position));
        state.document.reload_fields = true;
    }
    return changed;
}

/// What a menu offers beside a text: what the run says, or examples.
std::vector<std::string> offered(const AppState& state, const ParamSpec& spec) {
    std::vector<std::string> lines = spec.examples;
    const Trace* trace = spec.offered_by.empty() ? nullptr : state.document.trace();
    if (trace == nullptr) return lines;
    const auto said = trace->texts().find(spec.offered_by);
    if (said == trace->texts().end()) return lines;
    for (std::size_t at = 0; at < said->second.size();) {
        const std::size_t end = std::min(said->second.find(", ", at), said->second.size());
        lines.push_back(said->second.substr(at, end - at));
        at = end + 2;
    }
    return lines;
}

/// A field, and beside it what may stand in it.
std::optional<ParamValue> text(const Ui& ui, AppState& state, const ParamSpec& spec, const std::string& value) {
    const float s = ui.s, room = ImGui::GetContentRegionAvail().x;
    title(ui, spec, room);
    const std::vector<std::string> lines = offered(state, spec);
    PathField path(state, spec, value);
    std::string typed = path.text();
    ImGui::SetNextItemWidth(lines.empty() ? room : room - 44 * s);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(10 * s, 4 * s));
    const bool changed = text_input(ui, ("##" + spec.name).c_str(), typed, spec.placeholder, Font::ui, 15, state.reload_now);
    ImGui::PopStyleVar();
    note_place(state, spec.name);
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    if (ImGui::IsItemActive() || path.wrong())
        ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(path.wrong() ? ui.theme.broken : ui.theme.accent), 8 * s);
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive()) tooltip(ui, spec.help);
    std::optional<ParamValue> chosen;
    if (const std::optional<std::string> given = path.after(typed, changed)) chosen = *given;
    if (lines.empty()) return chosen;
    const std::string menu = "menu_" + spec.name;
    ImGui::SameLine(0, 8 * s);
    if (button(ui, ("offer_" + spec.name).c_str(), "▾", ButtonKind::plain, 36 * s, spec.help, high.y - low.y))
        ImGui::OpenPopup(menu.c_str());
    note_place(state, "offer " + spec.name);
    if (!ImGui::BeginPopup(menu.c_str())) return chosen;
    for (const std::string& line : lines) {
        ui.fonts.need(line);
        if (ImGui::Selectable(line.c_str(), line == value)) {
            chosen = line;
            state.document.reload_fields = true;
        }
        note_place(state, spec.name + "=" + line);
    }
    ImGui::EndPopup();
    return chosen;
}

}  // namespace

ParamSpec in_language(ParamSpec spec) {
    if (catalogue_in_use() == nullptr) return spec;
    for (std::string* text : {&spec.title, &spec.help, &spec.unit, &spec.placeholder}) *text = tr_composed(*text);
    if (spec.choice_titles.empty()) spec.choice_titles = spec.choices;
    for (std::string& title : spec.choice_titles) title = tr_composed(title);
    return spec;
}

std::optional<ParamValue> param_widget(const Ui& ui, AppState& state, const ParamSpec& spec, const ParamValue& value) {
    if (value.index() != spec.fallback.index()) return spec.fallback;  // a damaged session: start from the default
    switch (spec.type) {
        case ParamType::choice:
            return choice(ui, state, spec, std::get<std::string>(value));
        case ParamType::toggle:
            return toggle(ui, state, spec, std::get<bool>(value));
        case ParamType::integer:
        case ParamType::number:
            return number(ui, state, spec, value);
        case ParamType::text:
            return text(ui, state, spec, std::get<std::string>(value));
        case ParamType::image:
        case ParamType::matrix:
            break;  // inputs stand above the stage
    }
    return std::nullopt;
}

}  // namespace saccade
