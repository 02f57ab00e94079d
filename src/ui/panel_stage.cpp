#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ui/cards.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

void empty_state(const Ui& ui, const AppState& state, const Exhibit& e, const Rect& place) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({place.at.x + place.size.x / 2 - 180 * s, place.at.y + place.size.y / 2 - 40 * s});
    ImGui::BeginGroup();
    label(ui, state.document.side().problem ? "Nothing to show yet" : "Computing …", ui.theme.text, 19);
    label(ui, state.document.side().problem ? "Type a source above, or choose an example." : e.summary, ui.theme.secondary, 15,
          Font::ui, 420 * s);
    ImGui::EndGroup();
}

}  // namespace

void note_place(AppState& state, const std::string& name) {
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    state.places[name] = {low.x, low.y, size.x, size.y};
}

void transport(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    card_ground(ui, place.at, high);
    const Index n = act.stage().step_count();
    ImGui::SetCursorScreenPos({place.at.x + 14 * s, place.at.y + 9 * s});
    if (button(ui, "play", state.document.stage.playing ? "❚❚" : "▸", ButtonKind::plain, 34 * s,
               "Play the decoding step by step (Space)"))
        act.stage().toggle_play();
    if (n < 1) return;
    const Index at = act.stage().current_step();
    const float left = place.at.x + 64 * s;
    const float right = high.x - 84 * s;
    const float y = place.at.y + place.size.y / 2;
    ImGui::SetCursorScreenPos({left - 8 * s, y - 12 * s});
    ImGui::InvisibleButton("scrub", {std::max(16.0f, right - left + 16 * s), 24 * s});
    if (ImGui::IsItemActive() && n > 1 && right > left)
        act.stage().set_step(std::lround((ImGui::GetIO().MousePos.x - left) / (right - left) * static_cast<float>(n - 1)));
    if (ImGui::IsItemHovered()) tooltip(ui, "Output step (← →)");
    const auto x_of = [&](Index i) {
        return n > 1 ? left + (right - left) * static_cast<float>(i) / static_cast<float>(n - 1) : left;
    };
    list.AddRectFilled({left, y - 2 * s}, {right, y + 2 * s}, ui.color(ui.theme.line), 2 * s);
    list.AddRectFilled({left, y - 2 * s}, {x_of(at), y + 2 * s}, ui.color(ui.theme.accent), 2 * s);
    if (n <= 64)
        for (Index i = 0; i < n; ++i)
            list.AddCircleFilled({x_of(i), y}, 4 * s, ui.color(i <= at ? ui.theme.accent : ui.theme.faint));
    list.AddCircleFilled({x_of(at), y}, 8 * s, ui.color(ui.theme.dark ? ui.theme.text : ui.theme.accent));
    ImGui::SetCursorScreenPos({high.x - 66 * s, y - 10 * s});
    label(ui, fmt::format("{} / {}", at + 1, n), ui.theme.secondary, 15);
}

void stage(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const float s = ui.s;
    const ImVec2 window = ImGui::GetIO().DisplaySize;
    state.typing = ImGui::GetIO().WantTextInput;
    state.places = {{"(window)", {0, 0, window.x, window.y}}};
    state.grids.clear();
    begin_panel(ui, "stage", layout.stage.at, layout.stage.size, ui.theme.background, {20 * s, 16 * s}, false);
    inputs(ui, state, act);
    matrices(ui, state, act);
    banners(ui, state, act);
    const Exhibit& e = state.document.exhibit();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = layout.stage.size.x - 40 * s;
    const float bottom = layout.stage.at.y + layout.stage.size.y - 12 * s;
    const float transport_height = e.step_axis.empty() ? 0 : 48 * s;
    const Rect place{at, {width, bottom - at.y - (transport_height > 0 ? transport_height + card_gap * s : 0)}};
    state.pointed = false;
    if (state.document.trace() == nullptr)
        empty_state(ui, state, e, place);
    else if (place.size.y > 60 * s)
        state.document.comparing ? compared_cards(ui, state, act, e, place) : cards(ui, state, act, e, place, CardOf::a);
    if (!state.pointed && !state.document.hand.drag.active) act.stage().hover({});
    if (transport_height > 0) transport(ui, state, act, {{at.x, bottom - transport_height}, {width, transport_height}});
    end_panel();
}

}  // namespace saccade
