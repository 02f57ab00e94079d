#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr int most_rows = 16;  // in sight at once

/// One change: the exhibit that it was made in, and what it was. True if it was clicked.
bool history_row(const Ui& ui, AppState& state, const std::string& place, const History::Step& step, bool chosen, bool now) {
    const float s = ui.s, right = ImGui::GetContentRegionAvail().x, where = step.exhibit.empty() ? 0 : 150 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool clicked = ImGui::Selectable(("##" + place).c_str(), chosen, 0, {0, 26 * s});
    note_place(state, place);
    const ImVec2 next = ImGui::GetCursorScreenPos();
    if (now)
        ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + 2 * s}, {at.x + 3 * s, at.y + 24 * s},
                                                  ui.color(ui.theme.accent), 2 * s);
    if (!step.exhibit.empty()) {
        ImGui::SetCursorScreenPos({at.x + 12 * s, at.y + 3 * s});
        label(ui, tr(exhibit(step.exhibit).title), step.undone ? ui.theme.faint : ui.theme.secondary, 15, Font::ui,
              where - 12 * s);
    }
    ImGui::SetCursorScreenPos({at.x + 12 * s + where, at.y + 3 * s});
    label(ui, step.what, step.undone ? ui.theme.faint : ui.theme.text, 15, Font::ui, right - where - 24 * s);
    ImGui::SetCursorScreenPos(next);
    return clicked;
}

/// Lines that the keys move down the list of n; Home and End go as far as there are any.
int moved_by_keys(int n) {
    int moved = 0;
    if (compat::key_pressed(ImGuiKey_DownArrow)) ++moved;
    if (compat::key_pressed(ImGuiKey_UpArrow)) --moved;
    if (compat::key_pressed(ImGuiKey_PageDown)) moved += most_rows - 1;
    if (compat::key_pressed(ImGuiKey_PageUp)) moved -= most_rows - 1;
    if (compat::key_pressed(ImGuiKey_End)) moved += n;
    if (compat::key_pressed(ImGuiKey_Home)) moved -= n;
    return moved;
}

}  // namespace

void history_dialog(const Ui& ui, AppState& state, Controller& act) {
    if (!begin_dialog(ui, state, Layer::history, "history dialog", state.history_open, 620)) return;
    label(ui, tr("History"), ui.theme.text, 19);
    // The latest first, as it was before all of them last.
    std::vector<History::Step> steps = act.history().steps();
    std::ranges::reverse(steps);
    steps.push_back({"", tr("as it was at first"), 0, false});
    const int n = static_cast<int>(steps.size());
    const auto made = [](const History::Step& step) { return !step.undone; };
    const int now = static_cast<int>(std::ranges::find_if(steps, made) - steps.begin());
    const bool appearing = ImGui::IsWindowAppearing();
    if (appearing) state.history_at = now;
    const int moved = appearing ? 0 : moved_by_keys(n);
    state.history_at = std::clamp(state.history_at + moved, 0, n - 1);
    const bool entered = compat::key_pressed(ImGuiKey_Enter, false) || compat::key_pressed(compat::key_of_keypad_enter, false);
    int chosen = entered && !appearing ? state.history_at : -1;
    const float row = 26 * ui.s + ImGui::GetStyle().ItemSpacing.y;
    const float room = ImGui::GetIO().DisplaySize.y - ImGui::GetCursorScreenPos().y - 76 * ui.s;
    ImGui::BeginChild("changes made", {0, std::max(row, std::min(row * static_cast<float>(std::min(n, most_rows)), room))},
                      false, ImGuiWindowFlags_NoNavInputs);
    for (int i = 0; i < n; ++i) {
        const History::Step& step = steps[static_cast<std::size_t>(i)];
        if (history_row(ui, state, fmt::format("history {}", i), step, i == state.history_at, i == now)) chosen = i;
        if ((moved != 0 || appearing) && i == state.history_at) ImGui::SetScrollHereY(0.5f);
    }
    ImGui::EndChild();
    paragraph(ui,
              n > 1 ? tr("Return or a click goes to how it was after that change; Ctrl Z and Ctrl Y go one by one.")
                    : tr("Nothing was changed yet. Every change is listed here, whichever exhibit it was made in."),
              ui.theme.secondary);
    ImGui::End();
    if (chosen < 0) return;
    state.history_open = false;
    act.go_back_to(steps[static_cast<std::size_t>(chosen)].made);
}

}  // namespace saccade
