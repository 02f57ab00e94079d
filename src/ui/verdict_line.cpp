#include "ui/verdict_line.hpp"

#include "run/language.hpp"

namespace saccade {

bool is_broken(const std::string& said) {
    return said.starts_with("broken");
}

Color verdict_color(const Theme& theme, const std::string& said) {
    return said == "held" ? theme.holds : is_broken(said) ? theme.broken : theme.faint;
}

void verdict_mark(const Ui& ui, ImVec2 at, const std::string& said) {
    const Color color = verdict_color(ui.theme, said);
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 c(at.x + 8 * s, at.y + 8 * s);
    if (said.empty()) return list.AddCircle(c, 6 * s, ui.color(ui.theme.secondary), 24, 1.3f * s);
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

std::string verdict_line(const std::string& said, const Finding& finding, const std::string& language) {
    const TextsIn in(language);
    const std::string judged = said == "held"     ? in.tr("held on this run")
                               : said == "broken" ? in.tr("broken on this run")
                                                  : in.tr_composed(said);
    if (!is_broken(said) || !finding.claim) return judged;
    return in.tr("{}: {}", judged, in.tr_composed(found_against_claimed(*finding.claim)));
}

}  // namespace saccade
