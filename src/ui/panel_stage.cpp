#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "ui/cards.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr float margin = 20;

/// By the first thing that the exhibit is given.
std::string what_to_do(const Exhibit& e) {
    for (const ParamSpec& spec : e.params) {
        if (spec.is_path) return tr("Name a file or a folder above, or drop it on the window.");
        if (spec.type == ParamType::image) return tr("Open a picture above, drop one on the window, or take a sample.");
        if (spec.type == ParamType::matrix) return tr("Type numbers into the matrices above, or paste them.");
        if (spec.type == ParamType::text && !spec.aside) return tr("Type a source above, or choose an example.");
    }
    return tr("Choose other settings in the inspector (Ctrl I).");
}

void empty_state(const Ui& ui, const AppState& state, const Exhibit& e, const Rect& place) {
    const float s = ui.s, width = std::min(520 * s, place.size.x - 2 * margin * s);
    const bool problem = state.document.side().problem.has_value();
    ImGui::SetCursorScreenPos(
        {place.at.x + (place.size.x - width) / 2, place.at.y + std::max(0.0f, place.size.y / 2 - 40 * s)});
    compat::begin_padded_child("nothing yet", {std::max(1.0f, width), 0}, ImGuiWindowFlags_NoBackground);
    label(ui, problem ? tr("Nothing to show yet") : tr("Computing …"), ui.theme.text, 19);
    paragraph(ui, problem ? what_to_do(e) : tr_composed(e.summary), ui.theme.secondary, 15);
    ImGui::EndChild();
}

}  // namespace

void note_place(AppState& state, const std::string& name) {
    const ImVec2 low = ImGui::GetItemRectMin(), size = ImGui::GetItemRectSize();
    state.places[name] = {low.x, low.y, size.x, size.y};
    if (ImGui::IsItemFocused()) state.focus = name;
    if (state.reveal.frames == 0 || state.reveal.place != name) return;
    state.reveal = {};
    ImGui::SetScrollHereY(0.5f);
    ImGui::SetKeyboardFocusHere(-1);
}

void transport(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 high(place.at.x + place.size.x, place.at.y + place.size.y);
    card_ground(ui, place.at, high);
    const Index n = act.stage().step_count();
    ImGui::SetCursorScreenPos({place.at.x + 14 * s, place.at.y + 9 * s});
    if (button(ui, "play", state.document.stage.playing ? "❚❚" : "▸", ButtonKind::plain, 34 * s,
               tr("Play the decoding step by step (Space)")))
        act.stage().toggle_play();
    if (n < 1) return;
    const Index at = act.stage().current_step();
    const float left = place.at.x + 64 * s;
    const float right = high.x - 84 * s;
    const float y = place.at.y + place.size.y / 2;
    ImGui::SetCursorScreenPos({left - 8 * s, y - 12 * s});
    ImGui::InvisibleButton("scrub", {std::max(16.0f, right - left + 16 * s), 24 * s});
    ui.stop();
    if (ImGui::IsItemActive() && n > 1 && right > left)
        act.stage().set_step(std::lround((ImGui::GetIO().MousePos.x - left) / (right - left) * static_cast<float>(n - 1)));
    if (ImGui::IsItemHovered()) tooltip(ui, tr("Output step (← →)"));
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

namespace {

/// A part of the stage that scrolls, if what it holds is higher than it is.
class ScrolledPart {
 public:
    /// `needed` px of content; what the wheel does over a picture, it does not do to this.
    ScrolledPart(const Ui& ui, AppState& state, const Rect& place, float needed) : ui_(ui), state_(state), place_(place) {
        scrolls_ = state.scrolled = needed > place.size.y;
        if (!scrolls_) return;
        // A margin as wide as what stands between the content and the scrollbar, so that the content has its width exactly.
        const float gap = bar * ui.s - ImGui::GetStyle().ScrollbarSize;
        ImGui::SetCursorScreenPos({place.at.x - gap, place.at.y});
        ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(gap, 0));
        const ImGuiWindowFlags wheel = state.wheel_taken ? ImGuiWindowFlags_NoScrollWithMouse : ImGuiWindowFlags_None;
        compat::begin_padded_child(("views of " + state.document.exhibit().id).c_str(),
                                   {gap + place.size.x + bar * ui.s, place.size.y - more * ui.s},
                                   ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNavInputs | wheel);
        ImGui::PopStyleVar();
    }
    bool scrolls() const { return scrolls_; }
    /// What can be seen of it at once.
    float room() const { return place_.size.y - (scrolls_ ? more * ui_.s : 0); }
    /// `bottom`: of all that was drawn, on screen. Says what is out of sight, and goes there.
    void end(float bottom) {
        if (!scrolls_) return;
        ImGui::SetCursorScreenPos({place_.at.x, bottom});
        ImGui::Dummy({1, 1});
        const float at = ImGui::GetScrollY(), most = ImGui::GetScrollMaxY();
        if (state_.scroll_by != 0) ImGui::SetScrollY(std::clamp(at + state_.scroll_by, 0.0f, most));
        state_.scroll_by = 0;
        ImGui::EndChild();
        if (most <= 0) return;
        const bool below = at < most - 1;
        ImGui::SetCursorScreenPos({place_.at.x, place_.at.y + room() + 2 * ui_.s});
        if (button(ui_, "more views", below ? tr("More views below ▾") : tr("Back to the first views ▴"), ButtonKind::quiet, 0,
                   tr("The wheel turns to them, too; a larger window shows all"), (more - 2) * ui_.s))
            state_.scroll_by = below ? room() * 0.8f : -most;
        note_place(state_, "more views");
    }

 private:
    static constexpr float more = 26, bar = 12;  // the line below, the scrollbar beside: logical px
    const Ui& ui_;
    AppState& state_;
    Rect place_;
    bool scrolls_ = false;
};

/// The views, as high as they need to be.
void views(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const Rect& place) {
    if (state.document.trace() == nullptr) return empty_state(ui, state, e, place);
    state.document.comparing ? compared_cards(ui, state, act, e, place) : cards(ui, state, act, e, place, CardOf::a);
}

}  // namespace

void stage(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    const float s = ui.s;
    const ImVec2 window = ImGui::GetIO().DisplaySize;
    state.typing = ImGui::GetIO().WantTextInput;
    state.places = {{"(window)", {0, 0, window.x, window.y}}};
    state.grids.clear();
    state.pointed = false;
    if (layout.stage.size.x < 2 * margin * s) return;  // the inspector has all of it
    begin_panel(ui, "stage", layout.stage.at, layout.stage.size, ui.theme.background, {margin * s, 16 * s}, false);
    const Exhibit& e = state.document.exhibit();
    const float top = layout.stage.at.y + 16 * s, width = layout.stage.size.x - 2 * margin * s;
    // Of one view before a class all the height is its cells'; the keys go through the steps.
    const bool alone = state.present.on && state.lesson.file && !state.document.stage.enlarged.empty();
    const float transport_height = e.step_axis.empty() || alone ? 0 : 48 * s;
    const float bottom = layout.stage.at.y + layout.stage.size.y - 12 * s;
    const float end = bottom - (transport_height > 0 ? transport_height + card_gap * s : 0);
    const auto head = [&] {
        state.head_height = 0;
        if (state.present.on) return;  // what is shown is not for typing in
        const float from = ImGui::GetCursorScreenPos().y;
        inputs(ui, state, act);
        banners(ui, state, act);
        search_bar(ui, state, act);
        state.head_height = ImGui::GetCursorScreenPos().y - from;
    };
    // Where hardly anything would be left beside the inputs, they scroll with the views.
    const bool all = !state.present.on && end - top - state.head_height < 150 * s;
    if (!all) head();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    state.present.only = cards_that_fit(ui, state, e, width, end - at.y);
    const float lowest = state.document.trace() != nullptr ? cards_height(ui, state, e, width) : 120 * s;
    const float before = (all ? state.head_height : 0) + (state.present.on ? 0 : matrices_height(ui, state, width));
    const float squeezed = 0.85f;  // a little less than they need is better than a bar
    ScrolledPart part(ui, state, {at, {width, std::max(1.0f, end - at.y)}}, before + squeezed * lowest);
    if (all) head();
    if (!state.present.on) matrices(ui, state, act);
    const ImVec2 from = ImGui::GetCursorScreenPos();
    const float left = part.room() - before;
    // Where there is a bar height costs nothing, as long as a row of views is seen whole.
    const float at_ease =
        std::clamp((part.room() - 6 * s) / first_rows_height(ui, state, e, width, part.room() - 6 * s), 1.0f, 1.3f);
    const Rect place{from, {width, part.scrolls() ? std::max(lowest * at_ease, left) : end - from.y}};
    state.wheel_taken = false;
    views(ui, state, act, e, place);
    part.end(place.at.y + place.size.y);
    if (!state.pointed && !state.document.hand.drag.active) act.stage().hover({});
    if (transport_height > 0) transport(ui, state, act, {{at.x, bottom - transport_height}, {width, transport_height}});
    end_panel();
}

}  // namespace saccade
