#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "run/language.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/lit.hpp"
#include "ui/panels.hpp"
#include "ui/present_band.hpp"

namespace saccade {

namespace {

constexpr float head_top = 14;  // logical px
constexpr double title_size = 18, said_size = 15;

/// The larger title, the smaller one behind or below it, and how far the lesson is. Returns how high it is, px.
float present_head(const Ui& ui, AppState& state, float width) {
    const float s = ui.s, left = present_margin * s;
    const bool of_file = state.lesson.file != nullptr;
    const std::string exhibit = TextsIn(state.view.language).tr(state.document.exhibit().title),
                      lesson = shown_lesson_title(state);
    const std::string &first = of_file ? lesson : exhibit, &second = of_file ? exhibit : lesson;
    const std::string count =
        state.present.points > 0 ? fmt::format("{} / {}", state.present.point + 1, state.present.points) : std::string();
    const float count_width = count.empty() ? 0 : width_of(ui, count, title_size) + 20 * s;
    const float room = width - 2 * left - count_width;
    float y = head_top * s;
    const auto put = [&](float x, float drop, const std::string& text, double size, Color color, const char* place) {
        ImGui::SetCursorScreenPos({x, y + drop});
        label(ui, text, color, size);
        note_line(state, place);
    };
    if (!count.empty()) put(width - left - count_width + 20 * s, 0, count, title_size, ui.theme.secondary, "present count");
    const float title = width_of(ui, first, title_size), gap = 16 * s;
    const bool together = second.empty() || title + gap + width_of(ui, second, said_size) <= room;
    for (const std::string& line : wrapped_to(ui, first, title_size, room / s)) {
        put(left, 0, line, title_size, ui.theme.text, "present title");
        y += 26 * s;
    }
    const auto one_baseline = static_cast<float>(ui.fonts.ascent(Font::ui) * (title_size - said_size)) * s;
    if (!second.empty() && together) {
        y -= 26 * s;
        put(left + title + gap, one_baseline, second, said_size, ui.theme.secondary, "present lesson");
        y += 26 * s;
    } else if (!second.empty()) {
        for (const std::string& line : wrapped_to(ui, second, said_size, room / s)) {
            put(left, 0, line, said_size, ui.theme.secondary, "present lesson");
            y += 22 * s;
        }
    }
    return y;
}

/// All but a circle around the pointer darkens: a ring whose outer edge is beyond every corner.
void draw_spotlight(const Ui& ui, ImVec2 screen) {
    ImDrawList& list = *ImGui::GetForegroundDrawList();
    const ImU32 dark = ui.color(with_alpha(Color{0, 0, 0, 255}, 0.72));
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (!ImGui::IsMousePosValid(&mouse)) return list.AddRectFilled({0, 0}, screen, dark);
    const float inner = std::min(screen.x, screen.y) * 0.16f, thick = 2 * std::hypot(screen.x, screen.y);
    list.AddCircle(mouse, inner + thick / 2, dark, 128, thick);
}

/// The scene that is to be shown is, whatever turned to it.
void follow_lesson(AppState& state, Controller& act) {
    Presentation& p = state.present;
    const bool of_file = state.lesson.file != nullptr;
    p.follow(of_file ? state.lesson.file->path : state.document.exhibit().id, shown_points(state), of_file);
    if (state.slow.on() && (state.slow.of != state.document.side().shown.trace || state.document.stale())) state.slow.end();
    if (of_file && (p.point != state.lesson.scene || !act.lesson().on_stage())) act.lesson().show(p.point);
    frame_point(state);
}

}  // namespace

void present(const Ui& ui, AppState& state, Controller& act) {
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    Presentation& p = state.present;
    follow_lesson(state, act);
    PresentBand band(ui, state, act, screen);

    ui.grounds.add({0, 0}, screen, ui.theme.background);
    state.places.clear();
    const float head = present_head(ui, state, screen.x);
    const auto titles = state.places;
    Layout layout;
    layout.stage = {{0, head}, {screen.x, std::max(1.0f, screen.y - band.height() - head)}};
    if (act.lesson().asks())
        question_stage(ui, state, act, layout.stage);
    else if (state.slow.on())
        slow_stage(ui, state, act, layout.stage);
    else
        stage(ui, state, act, layout);
    state.places.insert(titles.begin(), titles.end());
    state.places["present stage"] = {0, head, screen.x, layout.stage.size.y};
    band.draw();
    if (!ImGui::IsMousePosValid()) ImGui::SetMouseCursor(ImGuiMouseCursor_None);
    if (p.spotlight) draw_spotlight(ui, screen);
    if (p.blank == Presentation::Blank::none) return;
    const auto level = static_cast<std::uint8_t>(p.blank == Presentation::Blank::white ? 255 : 0);
    ImGui::GetForegroundDrawList()->AddRectFilled({0, 0}, screen, ui.color(Color{level, level, level, 255}));
    if (ImGui::IsMouseClicked(0)) p.blank = Presentation::Blank::none;
}

}  // namespace saccade
