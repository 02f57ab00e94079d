#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "run/language.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/shown_point.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

namespace {

bool in_chinese(const AppState& state) {
    return state.view.language == "zh";
}

/// Beside the panel, where it stands on no other claim.
void beside_panel(const Ui& ui, const std::string& found, float y) {
    const ImVec2 panel = ImGui::GetWindowPos();
    if (panel.x > 400 * ui.s) ImGui::SetNextWindowPos({panel.x - 8 * ui.s, y}, ImGuiCond_Always, {1, 0});
    tooltip(ui, found);
}

/// A claim and what became of it; a click on one of a scene, or Enter where Tab went to it, selects its cells.
void claim_line(const Ui& ui, AppState& state, Controller& act, const ShownClaim& claim) {
    const float s = ui.s, left = ImGui::GetCursorPosX(), top = ImGui::GetCursorPosY();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    verdict_mark(ui, {at.x, at.y + 1 * s}, claim.said);
    ImGui::SetCursorPos({left + 24 * s, top});
    ImGui::BeginGroup();
    paragraph(ui, claim.text, claim.said.empty() ? ui.theme.secondary : verdict_color(ui.theme, claim.said), 13);
    ImGui::EndGroup();
    const bool selects = claim.scene_claim && !claim.waits;
    if (claim.scene_claim) {
        const std::size_t number = *claim.scene_claim + 1;
        const ImVec2 high = ImGui::GetItemRectMax(), next = ImGui::GetCursorScreenPos();
        ImGui::SetCursorScreenPos(at);
        const bool pressed = ImGui::InvisibleButton(fmt::format("lesson claim {}", number).c_str(),
                                                    {high.x - at.x, std::max(1.0f, high.y - at.y)});
        if (selects) ui.stop();
        const bool focused = selects && ui.tabs.focused();
        note_place(state, fmt::format("lesson claim {}", number));
        if (ImGui::IsItemHovered() && selects) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        if (pressed && selects) act.lesson().select(*claim.scene_claim);
        if ((ImGui::IsItemHovered() || focused) && !claim.found.empty()) beside_panel(ui, claim.found, at.y);
        ImGui::SetCursorScreenPos(next);
    } else if (ImGui::IsItemHovered() && !claim.found.empty()) {
        beside_panel(ui, claim.found, at.y);
    }
    ImGui::SetCursorPosX(left);
}

void bullet(const Ui& ui) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddCircleFilled({at.x + 8 * ui.s, at.y + 10 * ui.s}, 2 * ui.s, ui.color(ui.theme.faint));
}

/// The exhibit's own: every point with its claim.
void own_lesson(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s, left = ImGui::GetCursorPosX();
    for (std::size_t i = 0; i < shown_points(state); ++i) {
        const ShownPoint point = shown_point(state, act, i);
        const float top = ImGui::GetCursorPosY();
        const ImVec2 at = ImGui::GetCursorScreenPos();
        if (point.claims.empty())
            bullet(ui);
        else
            verdict_mark(ui, {at.x, at.y + 2 * s}, point.claims.front().said);
        ImGui::SetCursorPos({left + 26 * s, top});
        ImGui::BeginGroup();
        paragraph(ui, point.text, ui.theme.text, 15);
        for (const ShownClaim& claim : point.claims) {
            paragraph(ui, claim.text, verdict_color(ui.theme, claim.said), 13);
            if (ImGui::IsItemHovered() && !claim.found.empty()) tooltip(ui, claim.found);
        }
        ImGui::EndGroup();
        ImGui::SetCursorPosX(left);
        ImGui::Dummy({0, 6 * s});
    }
}

/// The scene of the open file that is on the stage, and the way to the others.
void played_lesson(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const TextsIn in(state.view.language);
    if (state.lesson.editing.on) return edit_lesson(ui, state, act);
    const std::size_t at = state.lesson.scene, scenes = shown_points(state);
    label(ui, in.tr("Scene {} of {}", at + 1, scenes), ui.theme.secondary, 13);
    if (state.lesson.unsaved()) {
        ImGui::SameLine(0, 12 * s);
        label(ui, "● " + in.tr("Not saved"), ui.theme.selection, 13);
    }
    const ShownPoint scene = shown_point(state, act, at);
    paragraph(ui, scene.text, ui.theme.text, 15);
    ImGui::Dummy({0, 2 * s});
    if (const LessonScene& now = *state.lesson.current(); now.question)
        paragraph(ui, in.tr("{} F5 asks it.", now.question->text.in(in_chinese(state))), ui.theme.selection, 15);
    for (const ShownClaim& claim : scene.claims) claim_line(ui, state, act, claim);
    if (!state.lesson.problem.empty()) paragraph(ui, state.lesson.problem, ui.theme.secondary, 13);
    ImGui::Dummy({0, 4 * s});
    FlowRow row(ui);
    const auto press = [&](const char* id, const std::string& text, bool enabled, const std::string& tip) {
        row.next(button_width(ui, text));
        const bool pressed = button(ui, id, text, enabled ? ButtonKind::plain : ButtonKind::quiet, 0, tip);
        note_place(state, id);
        return pressed && enabled;
    };
    if (press("scene back", in.tr("← Back"), at > 0, "")) act.lesson().show(at - 1);
    if (press("scene next", in.tr("Next →"), at + 1 < scenes, "")) act.lesson().show(at + 1);
    const bool away = !act.lesson().on_stage() || act.lesson().changed();
    if (act.lesson().asks() && !act.lesson().covered() &&
        press("ask again", in.tr("Ask again"), true, tr("Covers the row and forgets the guess")))
        act.lesson().ask_again();
    if (away && press("make it so", in.tr("Make it so"), true, tr("The scene's own settings again; undo takes it back")))
        act.lesson().make_it_so();
    if (press("edit lesson", in.tr("Edit"), true, tr("Record scenes, write their texts, claim and ask what is selected")))
        state.lesson.editing.on = true;
    if (press("close lesson", in.tr("Close"), true, tr("Back to the lesson of the exhibit; what is shown stays")))
        act.lesson().close();
}

/// Those that can be played.
void offered(const Ui& ui, AppState& state, Controller& act) {
    if (act.lesson().offered().empty()) return;
    const TextsIn in(state.view.language);
    const bool chinese = in_chinese(state);
    ImGui::Dummy({0, 4 * ui.s});
    if (!state.lesson.file) {
        if (button(ui, "record first", in.tr("Record a lesson"), ButtonKind::plain, 0,
                   tr("What is shown becomes its first scene")))
            act.editor().record();
        note_place(state, "record first");
    }
    heading(ui, in.tr("Lessons that play"));
    const std::vector<OfferedLesson> all = act.lesson().offered();
    for (const OfferedLesson& one : all) {
        const std::string id = "play " + one.name;
        const std::string text =
            fitted(ui, "▸ " + one.title.in(chinese), 15, Font::ui, ImGui::GetContentRegionAvail().x - 24 * ui.s);
        if (button(ui, id.c_str(), text, ButtonKind::quiet, 0, one.text.in(chinese))) act.files().open(one.path);
        note_place(state, id);
    }
}

}  // namespace

namespace {

/// The one that plays of the exhibit that is open.
void lesson_of_exhibit(const Ui& ui, AppState& state, Controller& act) {
    const std::vector<OfferedLesson>& all = act.lesson().offered();
    const auto one = std::ranges::find(all, state.document.exhibit().id, &OfferedLesson::exhibit);
    if (one == all.end()) return;
    const std::string text = TextsIn(state.view.language).tr("Lesson: {}", one->title.in(in_chinese(state)));
    const std::string fits = fitted(ui, "▸ " + text, 15, Font::ui, ImGui::GetContentRegionAvail().x - 24 * ui.s);
    const bool opened = button(ui, "play own", fits, ButtonKind::primary, 0, one->text.in(in_chinese(state)));
    note_place(state, "play own");
    ImGui::Dummy({0, 4 * ui.s});
    if (opened) act.files().open(one->path);
}

}  // namespace

void lesson_panel(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const bool chinese = in_chinese(state);
    if (!state.lesson.file && shown_points(state) == 0) {
        paragraph(ui, tr("This exhibit has no lesson."), ui.theme.faint);
        return offered(ui, state, act);
    }
    const int clicked = segments(ui, "language", {"EN", "中文"}, chinese ? 1 : 0, {},
                                 [&](int i) { note_place(state, i == 0 ? "lesson en" : "lesson zh"); });
    if (clicked >= 0) {
        state.view.language = clicked == 1 ? "zh" : "en";
        state.view.lesson_language_chosen = true;
    }
    ImGui::Dummy({0, 4 * s});
    if (!state.lesson.file) lesson_of_exhibit(ui, state, act);
    paragraph(ui, shown_lesson_title(state), ui.theme.text, 18);
    ImGui::Dummy({0, 2 * s});
    state.lesson.file ? played_lesson(ui, state, act) : own_lesson(ui, state, act);
    if (!state.lesson.editing.on) offered(ui, state, act);
}

}  // namespace saccade
