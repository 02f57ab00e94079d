#include "ui/verdict_line.hpp"

#include <fmt/format.h>

namespace saccade {

namespace {

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

std::string verdict_line(const std::string& said, const Finding& finding, bool chinese) {
    return translated(said, chinese) + (is_broken(said) && finding.claim ? why_broken(*finding.claim, chinese) : "");
}

}  // namespace saccade
