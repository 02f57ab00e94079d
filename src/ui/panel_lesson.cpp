#include <fmt/format.h>

#include <algorithm>

#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

bool is_broken(const std::string& said) {
    return said.starts_with("broken");
}
Color color_of(const Ui& ui, const std::string& said) {
    return said == "held" ? ui.theme.holds : is_broken(said) ? ui.theme.broken : ui.theme.faint;
}

/// A disc with a tick, a cross or a dash: held, broken, not on this run.
void mark(const Ui& ui, ImVec2 at, const std::string& said) {
    const Color color = color_of(ui, said);
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 c(at.x + 8 * s, at.y + 8 * s);
    list.AddCircleFilled(c, 8 * s, ui.color(with_alpha(color, 0.18)));
    const ImU32 ink = ui.color(color);
    const float w = 1.6f * s;
    if (said == "held") {
        const ImVec2 tick[] = {{c.x - 3.6f * s, c.y + 0.2f * s}, {c.x - 1 * s, c.y + 3 * s}, {c.x + 3.8f * s, c.y - 3 * s}};
        list.AddPolyline(tick, 3, ink, 0, w);
    } else if (is_broken(said)) {
        list.AddLine({c.x - 3 * s, c.y - 3 * s}, {c.x + 3 * s, c.y + 3 * s}, ink, w);
        list.AddLine({c.x - 3 * s, c.y + 3 * s}, {c.x + 3 * s, c.y - 3 * s}, ink, w);
    } else {
        list.AddLine({c.x - 3.2f * s, c.y}, {c.x + 3.2f * s, c.y}, ink, w);
    }
}

std::string translated(const std::string& said, bool chinese) {
    if (!chinese) return said == "held" ? "held on this run" : said == "broken" ? "broken on this run" : said;
    if (said == "held") return "本次运行成立";
    return said == "broken" ? "本次运行不成立" : is_broken(said) ? "被手动改动打破" : "不适用于本次运行";
}

/// Why, in the lesson's language. What a check found in words it has in English alone: its numbers stand under the mouse.
std::string why_broken(const Claim& claim, bool chinese) {
    if (!chinese) return ": " + found_against_claimed(claim);
    const std::string looked = claim.of > claim.checked ? fmt::format("{} 个中查了 {} 个", claim.of, claim.checked)
                                                        : fmt::format("查了 {} 个", claim.checked);
    if (!claim.found.empty()) return "：" + looked;
    return fmt::format("：相差 {:.3g}，允许 {:.3g}，{}", claim.error, claim.tolerance, looked);
}

}  // namespace

void lesson_panel(const Ui& ui, AppState& state, Controller& act) {
    static_cast<void>(act);
    const float s = ui.s;
    const Lesson& lesson = state.document.exhibit().lesson;
    const bool chinese = state.view.language == "zh";
    if (lesson.empty()) {
        paragraph(ui, "This exhibit has no lesson.", ui.theme.faint);
        return;
    }
    const int clicked = segments(ui, "language", {"EN", "中文"}, chinese ? 1 : 0, {},
                                 [&](int i) { note_place(state, i == 0 ? "lesson en" : "lesson zh"); });
    if (clicked >= 0) state.view.language = clicked == 1 ? "zh" : "en";
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
            mark(ui, {ImGui::GetCursorScreenPos().x, ImGui::GetCursorScreenPos().y + 2 * s}, said);
        else
            ImGui::GetWindowDrawList()->AddCircleFilled(
                {ImGui::GetCursorScreenPos().x + 8 * s, ImGui::GetCursorScreenPos().y + 10 * s}, 2 * s,
                ui.color(ui.theme.faint));
        ImGui::SetCursorPos({left + 26 * s, top});
        ImGui::BeginGroup();
        paragraph(ui, chinese ? point.chinese : point.english, ui.theme.text, 15);
        if (!said.empty()) {
            const Color color = color_of(ui, said);
            std::string line = translated(said, chinese);
            if (is_broken(said)) line += why_broken(*finding.claim, chinese);
            paragraph(ui, line, color, 13);
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
