#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

void lesson_panel(const Ui& ui, AppState& state, Controller& act) {
    static_cast<void>(act);
    const float s = ui.s;
    const Lesson& lesson = state.document.exhibit().lesson;
    const bool chinese = state.view.language == "zh";
    if (lesson.empty()) {
        paragraph(ui, tr("This exhibit has no lesson."), ui.theme.faint);
        return;
    }
    const int clicked = segments(ui, "language", {"EN", "中文"}, chinese ? 1 : 0, {},
                                 [&](int i) { note_place(state, i == 0 ? "lesson en" : "lesson zh"); });
    if (clicked >= 0) {
        state.view.language = clicked == 1 ? "zh" : "en";
        state.view.lesson_language_chosen = true;
    }
    ImGui::Dummy({0, 4 * s});
    paragraph(ui, chinese ? lesson.title_chinese : lesson.title_english, ui.theme.text, 18);
    ImGui::Dummy({0, 2 * s});
    const std::vector<Finding>& findings = state.document.side().lesson;
    const float left = ImGui::GetCursorPosX();
    for (std::size_t i = 0; i < lesson.points.size(); ++i) {
        const LessonPoint& point = lesson.points[i];
        const Finding none, &finding = i < findings.size() ? findings[i] : none;
        const std::string said = verdict(point, finding);
        const float top = ImGui::GetCursorPosY();
        if (!said.empty())
            verdict_mark(ui, {ImGui::GetCursorScreenPos().x, ImGui::GetCursorScreenPos().y + 2 * s}, said);
        else
            ImGui::GetWindowDrawList()->AddCircleFilled(
                {ImGui::GetCursorScreenPos().x + 8 * s, ImGui::GetCursorScreenPos().y + 10 * s}, 2 * s,
                ui.color(ui.theme.faint));
        ImGui::SetCursorPos({left + 26 * s, top});
        ImGui::BeginGroup();
        paragraph(ui, chinese ? point.chinese : point.english, ui.theme.text, 15);
        if (!said.empty()) {
            const Color color = verdict_color(ui.theme, said);
            paragraph(ui, verdict_line(said, finding, chinese), color, 13);
            if (ImGui::IsItemHovered()) {
                if (finding.claim)
                    tooltip(ui, finding.claim->text + "\n" + found_against_claimed(*finding.claim));
                else
                    tooltip(ui, finding.problem);
            }
        }
        ImGui::EndGroup();
        ImGui::SetCursorPosX(left);
        ImGui::Dummy({0, 6 * s});
    }
}

}  // namespace saccade
