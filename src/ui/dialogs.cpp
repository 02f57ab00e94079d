#include <fmt/format.h>
#include "ui/imgui_stdlib_compat.hpp"

#include <algorithm>
#include <cctype>

#include "ui/commands.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "viz/theme.hpp"

namespace saccade {

namespace {

/// A window in the middle that goes away by Esc or a click beside it. True while it is open.
bool begin_dialog(const Ui& ui, const char* id, bool& open, float width) {
    if (!open) return false;
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    const float w = std::min(width * ui.s, screen.x - 32 * ui.s);
    ImGui::SetNextWindowPos({(screen.x - w) / 2, std::min(96 * ui.s, screen.y * 0.1f)}, ImGuiCond_Always);
    ImGui::SetNextWindowSize({w, 0});
    ImGui::PushStyleColor(ImGuiCol_WindowBg, ui.vec(ui.theme.panel));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(20 * ui.s, 16 * ui.s));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    bool visible = true;
    ImGui::Begin(id, &visible, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings);
    ImGui::PopStyleVar(2);
    ImGui::PopStyleColor();
    const bool beside =
        ImGui::IsMouseClicked(0) &&
        !ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem | ImGuiHoveredFlags_ChildWindows) &&
        !ImGui::IsWindowAppearing() && !ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup);
    if (compat::key_pressed(ImGuiKey_Escape, false) || beside) open = false;
    return true;
}

bool matches(const std::string& title, const std::string& query) {
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return text;
    };
    return lower(title).find(lower(query)) != std::string::npos;
}

void palette(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, "palette dialog", state.palette_open, 560)) return;
    if (ImGui::IsWindowAppearing()) {
        state.palette_query.clear();
        state.palette_at = 0;
        ImGui::SetKeyboardFocusHere();
    }
    ImGui::SetNextItemWidth(-1);
    if (ImGui::InputTextWithHint("##query", "Search or run a command", &state.palette_query)) state.palette_at = 0;
    std::vector<const Command*> found;
    for (const Command& command : commands())
        if (command.in_palette && matches(command.title, state.palette_query) && command.available(state, act))
            found.push_back(&command);
    const int n = static_cast<int>(found.size());
    if (compat::key_pressed(ImGuiKey_DownArrow)) ++state.palette_at;
    if (compat::key_pressed(ImGuiKey_UpArrow)) --state.palette_at;
    state.palette_at = n > 0 ? (state.palette_at + n) % n : 0;
    int run = compat::key_pressed(ImGuiKey_Enter, false) && n > 0 ? state.palette_at : -1;
    for (int i = 0; i < n; ++i) {
        const Command& command = *found[static_cast<std::size_t>(i)];
        ui.fonts.need(command.title);
        if (ImGui::Selectable(command.title.c_str(), i == state.palette_at)) run = i;
        ImGui::SameLine(ImGui::GetContentRegionAvail().x - 90 * ui.s);
        label(ui, to_string(command.chord), ui.theme.faint, 13);
    }
    if (n == 0) label(ui, "No such command", ui.theme.faint, 13);
    ImGui::End();
    if (run >= 0) {
        state.palette_open = false;
        found[static_cast<std::size_t>(run)]->run(state, act);
    }
}

void help(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, "help dialog", state.help_open, 520)) return;
    label(ui, "Keyboard", ui.theme.text, 19);
    std::vector<Command> available;
    for (const Command& command : commands())
        if (command.available(state, act)) available.push_back(command);
    for (const KeyLine& line : key_lines(available)) {
        label(ui, line.keys, ui.theme.secondary, 14, Font::mono);
        ImGui::SameLine(180 * ui.s);
        label(ui, line.what, ui.theme.text, 15);
    }
    ImGui::End();
}

std::string with_ending(const std::string& path, const std::string& ending) {
    const std::size_t dot = path.rfind('.');
    const std::size_t slash = path.rfind('/');
    const bool has = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return (has ? path.substr(0, dot) : path) + "." + ending;
}

void export_dialog(const Ui& ui, AppState& state, Controller& act) {
    ExportDialog& dialog = state.exporting;
    if (!begin_dialog(ui, "export dialog", dialog.open, 520)) {
        dialog.result.clear();
        return;
    }
    label(ui, "Export", ui.theme.text, 19);
    if (state.document.comparing) {
        heading(ui, "Of");
        if (const int i = segments(ui, "of", {"A", "B", "B − A"}, static_cast<int>(dialog.what)); i >= 0)
            dialog.what = static_cast<std::size_t>(i);
    }
    heading(ui, "View");
    std::vector<std::string> ids, titles;
    for (const ViewPlacement& v : placements(state.document.exhibit(), state.document.side().request.params)) {
        if (std::find(ids.begin(), ids.end(), v.view) != ids.end()) continue;
        ids.push_back(v.view);
        titles.push_back(view(v.view).title());
    }
    const auto index_of = [](const std::vector<std::string>& all, const std::string& one) {
        return static_cast<int>(std::find(all.begin(), all.end(), one) - all.begin());
    };
    if (const int i = segments(ui, "view", titles, index_of(ids, dialog.view)); i >= 0)
        dialog.view = ids[static_cast<std::size_t>(i)];
    heading(ui, "Format");
    const std::vector<std::string> formats = {"png", "svg", "pdf", "csv", "npz"};
    const std::size_t dot = dialog.path.rfind('.');
    const std::string ending = dot == std::string::npos ? "" : dialog.path.substr(dot + 1);
    if (const int i = segments(ui, "format", formats, index_of(formats, ending),
                               {"pixels", "vectors, text stays text", "vectors, fonts embedded", "the values shown, as a table",
                                "the values shown, as arrays"});
        i >= 0)
        dialog.path = with_ending(dialog.path, formats[static_cast<std::size_t>(i)]);
    heading(ui, "Theme");
    const std::vector<std::string> themes = theme_ids();
    if (const int i = segments(ui, "theme", themes, index_of(themes, dialog.theme)); i >= 0)
        dialog.theme = themes[static_cast<std::size_t>(i)];
    heading(ui, "Selection");
    if (const int i = segments(ui, "marks", {"not drawn", "drawn"}, dialog.marks ? 1 : 0); i >= 0) dialog.marks = i == 1;
    if (ending == "png") {
        heading(ui, "Resolution");
        const std::vector<float> values = {96, 192, 300, 600};
        const int chosen = static_cast<int>(std::find(values.begin(), values.end(), dialog.dpi) - values.begin());
        if (const int i = segments(ui, "dpi", {"96 dpi", "192 dpi", "300 dpi", "600 dpi"}, chosen); i >= 0)
            dialog.dpi = values[static_cast<std::size_t>(i)];
    }
    heading(ui, "File");
    ImGui::SetNextItemWidth(-1);
    ui.fonts.need(dialog.path);
    ImGui::InputText("##path", &dialog.path);
    note_place(state, "export path");
    if (!dialog.result.empty()) paragraph(ui, dialog.result, dialog.failed ? ui.theme.broken : ui.theme.holds);
    if (button(ui, "write", "Write", ButtonKind::primary)) act.files().export_now();
    note_place(state, "export write");
    ImGui::SameLine();
    if (button(ui, "close", "Close")) dialog.open = false;
    ImGui::End();
}

void path_prompt(const Ui& ui, AppState& state, Controller& act) {
    PathPrompt& prompt = state.prompt;
    bool open = prompt.kind != PathPrompt::Kind::none;
    if (!begin_dialog(ui, "path dialog", open, 520)) return;
    const char* titles[] = {"",
                            "Open a session, picture, weights or checkpoint",
                            "Save the session",
                            "Save the model",
                            "Save a checkpoint",
                            "Load a checkpoint",
                            "Open a picture: PNG, JPEG or WebP",
                            "Save the scene as PNG"};
    label(ui, titles[static_cast<int>(prompt.kind)], ui.theme.text, 19);
    if (ImGui::IsWindowAppearing()) ImGui::SetKeyboardFocusHere();
    ImGui::SetNextItemWidth(-1);
    ui.fonts.need(prompt.path);
    const bool entered = ImGui::InputText("##path", &prompt.path, ImGuiInputTextFlags_EnterReturnsTrue);
    if (!prompt.problem.empty()) paragraph(ui, prompt.problem, ui.theme.broken);
    const bool done = button(ui, "ok", "OK", ButtonKind::primary) || entered;
    ImGui::SameLine();
    if (button(ui, "cancel", "Cancel")) open = false;
    ImGui::End();
    if (done) act.files().answer_prompt();
    if (!open) prompt = {};
}

}  // namespace

void dialogs(const Ui& ui, AppState& state, Controller& act) {
    palette(ui, state, act);
    help(ui, state, act);
    export_dialog(ui, state, act);
    path_prompt(ui, state, act);
}

}  // namespace saccade
