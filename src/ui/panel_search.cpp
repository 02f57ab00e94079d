#include <fmt/format.h>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/token_search.hpp"

namespace saccade {

namespace {

/// "3 of 17", or why there is none.
std::string found_text(AppState& state) {
    if (searched_map(state) == nullptr) return tr("no map to look in");
    if (state.search.text.empty()) return "";
    const std::size_t all = found_tokens(state).size();
    if (all == 0) return tr("none");
    const Index at = found_at(state);
    return at < 0 ? fmt::format("{}", all) : tr("{} of {}", at + 1, all);
}

}  // namespace

void search_bar(const Ui& ui, AppState& state, Controller& act) {
    TokenSearch& search = state.search;
    if (!search.open) return;
    const float s = ui.s, height = 28 * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool narrow = ImGui::GetContentRegionAvail().x < 520 * s;
    float x = at.x;
    const auto place = [&](float width) {
        ImGui::SetCursorScreenPos({x, at.y});
        x += width + 8 * s;
    };
    if (!narrow) {
        ImGui::SetCursorScreenPos({at.x, at.y + 5 * s});
        label(ui, tr("Find a token"), ui.theme.secondary, 13);
        x = ImGui::GetItemRectMax().x + 10 * s;
    }
    const float field_width = (narrow ? 120 : 200) * s;
    place(field_width);
    ImGui::SetNextItemWidth(field_width);
    if (search.take_keyboard) ImGui::SetKeyboardFocusHere();
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding,
                        ImVec2(10 * s, (height - compat::font_size(*ui.fonts.face(Font::ui, 15))) / 2));
    const bool changed = text_input(ui, "##find token", search.text, tr("its text"), Font::ui, 15, false);
    ImGui::PopStyleVar();
    // Enter leaves the field, which takes the keyboard again: one goes from token to token, however fast.
    const bool entered = compat::key_pressed(ImGuiKey_Enter, false) || compat::key_pressed(compat::key_of_keypad_enter, false);
    const bool mine = ImGui::IsItemDeactivated() || search.take_keyboard;
    if (ImGui::IsItemActive()) search.take_keyboard = false;
    if (entered && mine) {
        go_to_found(state, act, ImGui::GetIO().KeyShift ? -1 : 1);
        search.take_keyboard = true;
    }
    if (changed) {
        search.at = -1;
        go_to_found(state, act, 0);
    }
    note_place(state, "find token");
    place(150 * s);
    if (const int i =
            segments(ui, "find in", {tr("rows"), tr("columns")}, search.columns ? 1 : 0,
                     {tr("Among the tokens that attend (queries)"), tr("Among the tokens that are attended to (keys)")},
                     [&](int k) { note_place(state, k == 0 ? "find rows" : "find columns"); });
        i >= 0) {
        search.columns = i == 1;
        search.at = -1;
        go_to_found(state, act, 0);
    }
    x = ImGui::GetItemRectMax().x + 12 * s;
    for (const int by : {-1, 1}) {
        place(28 * s);
        if (button(ui, by < 0 ? "find before" : "find next", by < 0 ? "‹" : "›", ButtonKind::plain, 28 * s,
                   by < 0 ? tr("The one before (Shift Enter)") : tr("The next one (Enter)"), height))
            go_to_found(state, act, by);
        note_place(state, by < 0 ? "find before" : "find next");
    }
    const float end = at.x + ImGui::GetContentRegionAvail().x;
    ImGui::SetCursorScreenPos({x + 4 * s, at.y + 5 * s});
    search.said = found_text(state);
    label(ui, search.said, search.said == tr("none") ? ui.theme.broken : ui.theme.secondary, 13, Font::ui,
          std::max(20 * s, end - x - 44 * s));
    ImGui::SetCursorScreenPos({end - 28 * s, at.y});
    if (button(ui, "find close", "×", ButtonKind::quiet, 28 * s, tr("Close (Esc)"), height)) close_search(state);
    note_place(state, "find close");
    ImGui::SetCursorScreenPos({at.x, at.y + height + 10 * s});
}

}  // namespace saccade
