#include <fmt/format.h>
#include "ui/imgui_stdlib_compat.hpp"

#include <algorithm>
#include <cctype>

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
    std::vector<Command> found;
    for (Command& command : commands(state, act))
        if (matches(command.title, state.palette_query)) found.push_back(std::move(command));
    const int n = static_cast<int>(found.size());
    if (compat::key_pressed(ImGuiKey_DownArrow)) ++state.palette_at;
    if (compat::key_pressed(ImGuiKey_UpArrow)) --state.palette_at;
    state.palette_at = n > 0 ? (state.palette_at + n) % n : 0;
    int run = compat::key_pressed(ImGuiKey_Enter, false) && n > 0 ? state.palette_at : -1;
    for (int i = 0; i < n; ++i) {
        const Command& command = found[static_cast<std::size_t>(i)];
        ui.fonts.need(command.title);
        if (ImGui::Selectable(command.title.c_str(), i == state.palette_at)) run = i;
        ImGui::SameLine(ImGui::GetContentRegionAvail().x - 90 * ui.s);
        label(ui, command.keys, ui.theme.faint, 13);
    }
    if (n == 0) label(ui, "No such command", ui.theme.faint, 13);
    ImGui::End();
    if (run >= 0) {
        state.palette_open = false;
        found[static_cast<std::size_t>(run)].run();
    }
}

void help(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, "help dialog", state.help_open, 520)) return;
    label(ui, "Keyboard", ui.theme.text, 19);
    const std::pair<const char*, const char*> more[] = {
        {"Tab, Shift Tab", "next, previous field or button"},   {"← →", "output step"},
        {"Shift + arrows", "move the selected cell"},           {"+ −", "raise or lower the selected weight or gate"},
        {"Alt + arrows", "move the selected shape of a scene"}, {"Esc", "close a dialog, leave a field"}};
    for (const auto& [keys, what] : more) {
        label(ui, keys, ui.theme.secondary, 14, Font::mono);
        ImGui::SameLine(180 * ui.s);
        label(ui, what, ui.theme.text, 15);
    }
    for (const Command& command : commands(state, act)) {
        if (command.keys.empty()) continue;
        label(ui, command.keys, ui.theme.secondary, 14, Font::mono);
        ImGui::SameLine(180 * ui.s);
        label(ui, command.title, ui.theme.text, 15);
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
    if (state.comparing) {
        heading(ui, "Of");
        if (const int i = segments(ui, "of", {"A", "B", "B − A"}, static_cast<int>(dialog.what)); i >= 0)
            dialog.what = static_cast<std::size_t>(i);
    }
    heading(ui, "View");
    std::vector<std::string> ids, titles;
    for (const ViewPlacement& v : placements(exhibit(state.side().request.exhibit), state.side().request.params)) {
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
    if (button(ui, "write", "Write", ButtonKind::primary)) act.export_now();
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
    if (done) act.answer_prompt();
    if (!open) prompt = {};
}

void nudge_selected(AppState& state, Controller& act, double by) {
    const CellRef cell = state.stage.selected.cell;
    const TraceTensor* tensor = state.trace() != nullptr ? state.trace()->find(cell.tensor) : nullptr;
    const bool held = tensor != nullptr && (tensor->info.role == Role::weights || tensor->info.role == Role::gate);
    if (!held || state.stale()) return;
    if (std::any_of(cell.index.begin(), cell.index.end(), [](Index i) { return i < 0; })) return;
    act.set_weight(cell, std::clamp(static_cast<double>(tensor->values.at(cell.index)) + by, 0.0, 1.0));
}

void paste_clipboard(Controller& act) {
    const char* text = ImGui::GetClipboardText();
    act.paste(text != nullptr ? text : "");
}

/// Of the shape that is selected in a scene. True if it was one.
bool scene_keys(AppState& state, Controller& act) {
    if (act.scene(state.focus) == nullptr) return false;
    if (compat::letter_pressed('N')) return act.select_next_shape(), true;
    if (act.selected_shape() < 0) return false;
    if (compat::key_pressed(ImGuiKey_Delete, false)) return act.delete_shape(), true;
    if (!ImGui::GetIO().KeyAlt) return false;
    constexpr double step = 0.02;
    double dx = 0, dy = 0;
    if (compat::key_pressed(ImGuiKey_LeftArrow)) dx = -step;
    if (compat::key_pressed(ImGuiKey_RightArrow)) dx = step;
    if (compat::key_pressed(ImGuiKey_UpArrow)) dy = -step;
    if (compat::key_pressed(ImGuiKey_DownArrow)) dy = step;
    if (dx != 0 || dy != 0) act.nudge_shape(dx, dy);
    return true;
}

}  // namespace

std::vector<Command> commands(AppState& state, Controller& act) {
    std::vector<Command> all;
    for (const Exhibit& e : exhibits()) all.push_back({"Go to " + e.title, "", [&act, id = e.id] { act.choose_exhibit(id); }});
    using Kind = PathPrompt::Kind;
    all.push_back({"Open …", "Ctrl O", [&state] { state.prompt = {Kind::open, "", ""}; }});
    if (act.image_param() != nullptr) {
        all.push_back({"Open a picture …", "", [&state] { state.prompt = {Kind::open_picture, "", ""}; }});
        all.push_back({"Scene maker", "", [&state] { state.scene.open = !state.scene.open; }});
        if (act.scene(state.focus) != nullptr) {
            all.push_back({"Next shape", "N", [&act] { act.select_next_shape(); }});
            all.push_back({"Duplicate the shape", "", [&act] { act.duplicate_shape(); }});
            all.push_back({"Delete the shape", "Del", [&act] { act.delete_shape(); }});
            all.push_back({"Random scene", "", [&act] { act.random_scene(); }});
            all.push_back({"Save the scene as PNG …", "", [&state] { state.prompt = {Kind::save_picture, "scene.png", ""}; }});
        }
    }
    all.push_back({"Paste the path of a file", "Ctrl V", [&act] { paste_clipboard(act); }});
    all.push_back({"Save the session …", "Ctrl S", [&state] { state.prompt = {Kind::save_session, "session.json", ""}; }});
    all.push_back({"Export …", "Ctrl E", [&state] { state.exporting.open = true; }});
    all.push_back({"Undo", "Ctrl Z", [&act] { act.undo(); }});
    all.push_back({"Redo", "Ctrl Shift Z", [&act] { act.redo(); }});
    all.push_back({"Compare: A beside B", "Ctrl B", [&act] { act.toggle_compare(); }});
    if (state.comparing) {
        all.push_back({"Settings of A", "Ctrl 1", [&act] { act.focus_on(0); }});
        all.push_back({"Settings of B", "Ctrl 2", [&act] { act.focus_on(1); }});
        all.push_back({"Swap A and B", "", [&act] { act.swap_sides(); }});
    }
    all.push_back({"Cancel the run", "Esc", [&act] { act.cancel_runs(); }});
    if (!exhibit(state.side().request.exhibit).lesson.empty())
        all.push_back({"Lesson", "Ctrl L", [&state] { state.stage.lesson = !state.stage.lesson; }});
    all.push_back({"Remove all interventions", "", [&act] { act.clear_interventions(); }});
    all.push_back({"Play or pause the decoding", "Space", [&act] { act.toggle_play(); }});
    all.push_back({"Next colour scale", "", [&act] { act.cycle_scale(); }});
    if (!exhibit(state.side().request.exhibit).training_task.empty())
        all.push_back({"Train from scratch", "", [&act] { act.start_training(); }});
    all.push_back({"Light or dark", "Ctrl T", [&act] { act.toggle_theme(); }});
    all.push_back({"Larger", "Ctrl +", [&state, &act] { act.set_ui_scale(state.stage.ui_scale + 0.1); }});
    all.push_back({"Smaller", "Ctrl −", [&state, &act] { act.set_ui_scale(state.stage.ui_scale - 0.1); }});
    all.push_back({"Normal size", "Ctrl 0", [&act] { act.set_ui_scale(1); }});
    all.push_back({"Inspector", "Ctrl I", [&state] { state.inspector_drawer = !state.inspector_drawer; }});
    all.push_back({"Keyboard", "F1", [&state] { state.help_open = !state.help_open; }});
    all.push_back({"Quit", "Ctrl Q", [&state] { state.quit = true; }});
    return all;
}

void shortcuts(AppState& state, Controller& act) {
    const ImGuiIO& io = ImGui::GetIO();
    if (io.KeyCtrl) {
        if (compat::letter_pressed('K')) state.palette_open = !state.palette_open;
        if (compat::letter_pressed('E')) state.exporting.open = true;
        if (compat::letter_pressed('O')) state.prompt = {PathPrompt::Kind::open, "", ""};
        if (compat::letter_pressed('S')) state.prompt = {PathPrompt::Kind::save_session, "session.json", ""};
        if (compat::letter_pressed('T')) act.toggle_theme();
        if (compat::letter_pressed('I')) state.inspector_drawer = !state.inspector_drawer;
        if (compat::letter_pressed('Q')) state.quit = true;
        if (compat::letter_pressed('B')) act.toggle_compare();
        if (compat::letter_pressed('1')) act.focus_on(0);
        if (compat::letter_pressed('2')) act.focus_on(1);
        if (compat::letter_pressed('L')) {
            state.stage.lesson = !state.stage.lesson;
            state.inspector_drawer = true;
        }
        if (compat::letter_pressed('0')) act.set_ui_scale(1);
        if (compat::plain_key_pressed(compat::PlainKey::plus)) act.set_ui_scale(state.stage.ui_scale + 0.1);
        if (compat::plain_key_pressed(compat::PlainKey::minus)) act.set_ui_scale(state.stage.ui_scale - 0.1);
        const bool in_dialog = state.palette_open || state.exporting.open || state.prompt.kind != PathPrompt::Kind::none;
        if (compat::letter_pressed('V') && !in_dialog && !io.WantTextInput && state.matrix.param.empty()) paste_clipboard(act);
        if (compat::letter_pressed('Z') && !in_dialog) io.KeyShift ? act.redo() : act.undo();
        return;
    }
    if (compat::plain_key_pressed(compat::PlainKey::f1)) state.help_open = !state.help_open;
    if (!state.matrix.param.empty()) return;  // its keys are the matrix's
    if (io.WantTextInput || state.palette_open || state.exporting.open || state.prompt.kind != PathPrompt::Kind::none) return;
    if (scene_keys(state, act)) return;
    const Index by = 1;
    if (io.KeyShift) {
        if (compat::key_pressed(ImGuiKey_LeftArrow)) act.move_selection(0, -by);
        if (compat::key_pressed(ImGuiKey_RightArrow)) act.move_selection(0, by);
        if (compat::key_pressed(ImGuiKey_UpArrow)) act.move_selection(-by, 0);
        if (compat::key_pressed(ImGuiKey_DownArrow)) act.move_selection(by, 0);
    } else {
        if (compat::key_pressed(ImGuiKey_LeftArrow)) act.set_step(act.current_step() - 1);
        if (compat::key_pressed(ImGuiKey_RightArrow)) act.set_step(act.current_step() + 1);
        if (compat::plain_key_pressed(compat::PlainKey::plus)) nudge_selected(state, act, 0.05);
        if (compat::plain_key_pressed(compat::PlainKey::minus)) nudge_selected(state, act, -0.05);
    }
    if (compat::key_pressed(ImGuiKey_Space, false) && !ImGui::IsAnyItemFocused()) act.toggle_play();
}

void dialogs(const Ui& ui, AppState& state, Controller& act) {
    const bool any =
        state.palette_open || state.help_open || state.exporting.open || state.prompt.kind != PathPrompt::Kind::none;
    if (!any && state.running() && compat::key_pressed(ImGuiKey_Escape, false)) act.cancel_runs();
    palette(ui, state, act);
    help(ui, state, act);
    export_dialog(ui, state, act);
    path_prompt(ui, state, act);
}

}  // namespace saccade
