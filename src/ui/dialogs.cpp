#include <fmt/format.h>
#include "base/translate.hpp"
#include "ui/imgui_stdlib_compat.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "base/path_text.hpp"
#include "base/printable.hpp"
#include "base/utf8.hpp"
#include "ui/commands.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/palette.hpp"
#include "ui/panels.hpp"
#include "ui/recent.hpp"
#include "ui/shown_point.hpp"

namespace saccade {

bool scrim(const Ui& ui, const char* id, ImVec2 at, ImVec2 size) {
    ImGui::SetNextWindowPos(at);
    ImGui::SetNextWindowSize(size);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0f);
    ImGui::PushStyleColor(ImGuiCol_WindowBg,
                          ui.vec(ui.theme.dark ? with_alpha(ui.theme.background, 0.62) : with_alpha(ui.theme.text, 0.3)));
    ImGui::Begin(id, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                     ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav);
    const bool clicked = ImGui::IsWindowHovered() && ImGui::IsMouseClicked(0);
    ImGui::End();
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    return clicked;
}

ImVec2 begin_page(AppState& state, const char* id) {
    const ImVec2 size = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize(size);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(0, 0));
    ImGui::Begin(id, nullptr,
                 ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoMove |
                     ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNavInputs);
    ImGui::PopStyleVar(2);
    if (ImGui::IsWindowAppearing()) ImGui::SetWindowFocus();
    state.typing = ImGui::GetIO().WantTextInput;
    state.grids.clear();
    state.pointed = false;
    state.places = {{"(window)", {0, 0, size.x, size.y}}, {"dialog", {0, 0, size.x, size.y}}};  // nothing else is drawn
    return size;
}

bool begin_dialog(const Ui& ui, AppState& state, Layer layer, const char* id, bool& open, float width) {
    if (!open) return false;
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    const float w = std::min(width * ui.s, screen.x - 32 * ui.s), top = std::min(96 * ui.s, screen.y * 0.1f);
    scrim(ui, "scrim", {0, 0}, screen);
    ImGui::SetNextWindowPos({(screen.x - w) / 2, top}, ImGuiCond_Always);
    ImGui::SetNextWindowSizeConstraints({w, 0}, {w, screen.y - top - 16 * ui.s});
    ImGui::SetNextWindowSize({w, 0});
    ImGui::PushStyleColor(ImGuiCol_WindowBg, ui.vec(ui.theme.panel));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(20 * ui.s, 16 * ui.s));
    ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1.0f);
    bool visible = true;
    ImGui::Begin(id, &visible,
                 ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoCollapse |
                     ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_AlwaysAutoResize);
    ImGui::PopStyleVar(2);
    ImGui::PopStyleColor();
    const bool beside =
        ImGui::IsMouseClicked(0) &&
        !ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem | ImGuiHoveredFlags_ChildWindows) &&
        !ImGui::IsWindowAppearing() && !ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopup);
    const ImVec2 at = ImGui::GetWindowPos(), size = ImGui::GetWindowSize();
    state.places["dialog"] = {at.x, at.y, size.x, size.y};
    if (state.escape == layer || beside) open = false;
    return true;
}

namespace {

/// One thing that the palette found: its title, its keys and what it is. True if it was clicked.
bool palette_row(const Ui& ui, AppState& state, const PaletteEntry& entry, int number, bool chosen) {
    const float s = ui.s, right = ImGui::GetContentRegionAvail().x, kind = 76 * s, keys = entry.keys.empty() ? 0 : 104 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool clicked = ImGui::Selectable(fmt::format("##found{}", number).c_str(), chosen, 0, {0, 26 * s});
    note_place(state, "found " + entry.title);
    const ImVec2 next = ImGui::GetCursorScreenPos();
    // One baseline for all three.
    const float top = at.y + 3 * s, small = top + static_cast<float>(ui.fonts.ascent(Font::ui) * (15 - 13)) * s;
    ImGui::SetCursorScreenPos({at.x + 8 * s, top});
    label(ui, entry.shown.empty() ? entry.title : entry.shown, ui.theme.text, 15, Font::ui, right - kind - keys - 24 * s);
    if (!entry.keys.empty()) {
        ImGui::SetCursorScreenPos({at.x + right - kind - keys, small});
        label(ui, entry.keys, ui.theme.faint, 13);
    }
    const float width = static_cast<float>(ScreenTextMeasure(ui.fonts).width(tr(entry.kind), 13, Font::ui)) * s;
    ImGui::SetCursorScreenPos({at.x + right - width - 18 * s, small});
    label(ui, tr(entry.kind), ui.theme.secondary, 13);
    ImGui::SetCursorScreenPos(next);
    return clicked;
}

void palette(const Ui& ui, AppState& state, Controller& act) {
    if (state.reveal.frames > 0) --state.reveal.frames;
    if (!begin_dialog(ui, state, Layer::palette, "palette dialog", state.palette_open, 620)) return;
    if (ImGui::IsWindowAppearing()) {
        state.palette_query.clear();
        state.palette_at = 0;
        ImGui::SetKeyboardFocusHere();
    }
    ImGui::SetNextItemWidth(-1);
    const bool changed = field(ui, "##query", state.palette_query, tr("Search or run a command").c_str());
    if (changed) state.palette_at = 0;
    ui.stop(true);
    const std::vector<PaletteEntry> found = palette_found(state, act, state.palette_query);
    const int n = static_cast<int>(found.size());
    const bool down = compat::key_pressed(ImGuiKey_DownArrow), up = compat::key_pressed(ImGuiKey_UpArrow);
    state.palette_at += (down ? 1 : 0) - (up ? 1 : 0);
    state.palette_at = n > 0 ? (state.palette_at + n) % n : 0;
    int run = compat::key_pressed(ImGuiKey_Enter, false) && n > 0 ? state.palette_at : -1;
    // The field stays in sight, the list scrolls under it.
    const float row = 26 * ui.s + ImGui::GetStyle().ItemSpacing.y;
    const float room = ImGui::GetIO().DisplaySize.y - ImGui::GetCursorScreenPos().y - 40 * ui.s;
    const float height = n > 0 ? row * static_cast<float>(std::min(n, 16)) : 84 * ui.s;
    ImGui::BeginChild("found", {0, std::max(row, std::min(height, room))}, false, ImGuiWindowFlags_NoNavInputs);
    if (changed) ImGui::SetScrollY(0);
    for (int i = 0; i < n; ++i) {
        if (palette_row(ui, state, found[static_cast<std::size_t>(i)], i, i == state.palette_at)) run = i;
        if ((down || up) && i == state.palette_at) ImGui::SetScrollHereY(0.5f);
    }
    if (n == 0)
        paragraph(
            ui,
            tr("Nothing is called that. What is found: exhibits and commands; settings of the open exhibit and their values "
               "(“beam 5”); models; examples; tokens of the text; files that were opened; lessons in English and 中文, "
               "also by their pinyin (“duiqi”, “dq”). Beginnings of words are enough."),
            ui.theme.secondary);
    ImGui::EndChild();
    ImGui::End();
    if (run >= 0) {
        state.palette_open = false;
        found[static_cast<std::size_t>(run)].run(state, act);
        if (state.reveal.frames > 0) ui.tabs.show_focus();
    }
}

void help(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, state, Layer::help, "help dialog", state.help_open, 520)) return;
    label(ui, tr("Keyboard"), ui.theme.text, 19);
    std::vector<Command> available;
    for (const Command& command : commands())
        if (command.available(state, act) && (!state.present.on || heard_in_present(command))) available.push_back(command);
    // One baseline for both.
    const float drop = static_cast<float>(ui.fonts.ascent(Font::ui) * 15 - ui.fonts.ascent(Font::mono) * 14) * ui.s;
    for (const KeyLine& line : key_lines(available)) {
        const float y = ImGui::GetCursorPosY();
        ImGui::SetCursorPosY(y + drop);
        label(ui, line.keys, ui.theme.secondary, 14, Font::mono);
        ImGui::SameLine(std::min(180 * ui.s, ImGui::GetWindowWidth() * 0.4f));
        ImGui::SetCursorPosY(y);
        ImGui::BeginGroup();
        paragraph(ui, tr(line.what), ui.theme.text, 15);
        ImGui::EndGroup();
    }
    if (state.present.on) return ImGui::End();
    ImGui::Spacing();
    paragraph(
        ui,
        tr("What is changed in one field, or by + and − on one weight, without a pause of a second is undone at once by one "
           "Ctrl Z."),
        ui.theme.secondary, 14);
    paragraph(
        ui,
        tr("Rows, columns, heads and steps count from 1 in all that is shown; from 0 in saved arrays and in what the command "
           "line takes (--intervene, --select, --step)."),
        ui.theme.secondary, 14);
    ImGui::End();
}

/// The lesson that would be lost.
void unsaved_lesson(const Ui& ui, const AppState& state) {
    if (!state.lesson.unsaved()) return;
    label(ui, tr("A lesson is not saved"), ui.theme.text, 19);
    paragraph(ui, shown_lesson_title(state), ui.theme.text, 15);
    paragraph(ui, tr("What was changed since it was saved is lost with it."), ui.theme.secondary, 15);
}

/// What the dialogs that ask before something is lost have in common: the way back, and the way to keep the lesson.
void stay_or_save(const Ui& ui, AppState& state, Controller& act, FlowRow& row, bool& asks) {
    row.next(button_width(ui, tr("Stay")));
    if (button(ui, "stay", tr("Stay"), ButtonKind::primary)) asks = false;
    note_place(state, "stay");
    if (!state.lesson.unsaved()) return;
    const std::string keep = tr("Save the lesson …");
    row.next(button_width(ui, keep));
    const bool clicked = button(ui, "keep lesson", keep);
    note_place(state, "keep lesson");
    if (!clicked) return;
    asks = false;
    act.editor().save();
}

void trainings_not_done(const Ui& ui, const std::vector<TrainingUnderWay>& all) {
    label(ui, all.size() > 1 ? tr("Trainings are not done") : tr("A training is not done"), ui.theme.text, 19);
    for (const TrainingUnderWay& one : all)
        label(ui, tr("{}: step {} of {}{}", tr(one.title), one.step, one.steps, one.waits ? tr(", waiting") : ""),
              ui.theme.text, 15, Font::ui, ImGui::GetContentRegionAvail().x);
    paragraph(ui, tr("What it has learned is lost when the program ends. A checkpoint keeps it: from there it goes on."),
              ui.theme.secondary, 15);
}

void closing_dialog(const Ui& ui, AppState& state, Controller& act) {
    LessonState& lesson = state.lesson;
    if (!begin_dialog(ui, state, Layer::leaving, "closing dialog", lesson.closing, 460)) return;
    unsaved_lesson(ui, state);
    FlowRow row(ui);
    stay_or_save(ui, state, act, row, lesson.closing);
    row.next(button_width(ui, tr("Close without saving")));
    const bool close = button(ui, "close unsaved", tr("Close without saving"));
    note_place(state, "close unsaved");
    ImGui::End();
    if (close) act.lesson().close();
}

/// Names what would be lost, and the way to keep each.
void leaving_dialog(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, state, Layer::leaving, "leaving dialog", state.leaving, 460)) return;
    const std::vector<TrainingUnderWay> all = trainings_under_way(state);
    unsaved_lesson(ui, state);
    if (!all.empty()) trainings_not_done(ui, all);
    FlowRow row(ui);
    stay_or_save(ui, state, act, row, state.leaving);
    for (const TrainingUnderWay& one : all) {
        const std::string keep = all.size() > 1 ? tr("Save that of {} …", tr(one.title)) : tr("Save a checkpoint …");
        row.next(button_width(ui, keep));
        const bool clicked = button(ui, ("keep" + one.exhibit).c_str(), keep);
        note_place(state, "keep " + one.exhibit);
        if (clicked) {
            state.leaving = false;
            act.go_to(one.exhibit);
            state.prompt = {PathPrompt::Kind::save_checkpoint, "training.checkpoint", ""};
        }
    }
    row.next(button_width(ui, tr("Quit")));
    if (button(ui, "quit", tr("Quit"))) act.quit();
    note_place(state, "quit");
    ImGui::End();
}

/// A list that came with a file: as many as fit, each in one line of what can be seen.
void asking_dialog(const Ui& ui, AppState& state, Controller& act) {
    if (!state.asking.open) return;
    bool open = true;
    begin_dialog(ui, state, Layer::asking, "asking dialog", open, 560);
    label(ui, tr("This file names others elsewhere"), ui.theme.text, 19);
    paragraph(ui, tr("{} would read:", shorten(printable(state.asking.path), 120)), ui.theme.secondary, 15);
    constexpr std::size_t most = 8;
    const std::vector<std::string>& files = state.asking.files;
    for (std::size_t i = 0; i < std::min(most, files.size()); ++i)
        paragraph(ui, shorten(printable(files[i]), 200), ui.theme.text, 15);
    if (files.size() > most) paragraph(ui, tr("and {} more", files.size() - most), ui.theme.secondary, 15);
    paragraph(ui, tr("Agree only if you know who made it: what is read may end up in what you save or export."),
              ui.theme.secondary, 15);
    std::optional<FilesAnswer> answer;
    if (!open) answer = FilesAnswer::cancel;
    if (button(ui, "leave out", tr("Open without them"), ButtonKind::primary)) answer = FilesAnswer::leave_out;
    note_place(state, "asking leave out");
    ImGui::SameLine();
    if (button(ui, "read", tr("Read them"))) answer = FilesAnswer::read;
    note_place(state, "asking read");
    ImGui::SameLine();
    if (button(ui, "cancel", tr("Cancel"))) answer = FilesAnswer::cancel;
    ImGui::End();
    if (answer) act.files().answer(*answer);
}

}  // namespace

void dialogs(const Ui& ui, AppState& state, Controller& act) {
    figure_desk(ui, state, act);
    exhibits_page(ui, state, act);
    palette(ui, state, act);
    help(ui, state, act);
    history_dialog(ui, state, act);
    path_prompt(ui, state, act);
    leaving_dialog(ui, state, act);
    closing_dialog(ui, state, act);
    asking_dialog(ui, state, act);
}

}  // namespace saccade
