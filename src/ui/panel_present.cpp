#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/text_wrap.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

namespace {

constexpr float present_margin = 28;  // logical px, as all below
constexpr float head_top = 14, band_top = 16, band_bottom = 12, controls_height = 32, controls_gap = 8, mark_indent = 26;
constexpr double title_size = 18, text_size = 18, said_size = 15, hint_size = 13;

/// A line of the band; all of a point are laid out one below the other, and turned over in pages if they are too many.
struct BandLine {
    std::string text;
    double size = text_size;
    Color color;
    float height = 26;
    float indent = 0;
    std::string mark{};  // the verdict whose mark stands before it
    const char* place = "present text";
};

std::vector<std::string> wrapped_to(const Ui& ui, const std::string& text, double size, float room) {
    ui.fonts.need(text);
    const ScreenTextMeasure measure(ui.fonts);
    return wrapped(text, static_cast<double>(room), [&](const std::string& t) { return measure.width(t, size, Font::ui); });
}

float width_of(const Ui& ui, const std::string& text, double size) {
    ui.fonts.need(text);
    return static_cast<float>(ScreenTextMeasure(ui.fonts).width(text, size, Font::ui)) * ui.s;
}

/// What is placed twice is one box for tests: all lines of a text.
void note_line(AppState& state, const std::string& name) {
    const auto before = state.places.find(name);
    const std::array<float, 4> old = before == state.places.end() ? std::array<float, 4>{} : before->second;
    const bool more = before != state.places.end();
    note_place(state, name);
    if (!more) return;
    std::array<float, 4>& now = state.places[name];
    const float right = std::max(old[0] + old[2], now[0] + now[2]), bottom = std::max(old[1] + old[3], now[1] + now[3]);
    now = {std::min(old[0], now[0]), std::min(old[1], now[1]), 0, 0};
    now[2] = right - now[0];
    now[3] = bottom - now[1];
}

bool in_chinese(const AppState& state) {
    return state.view.language == "zh";
}

/// What is wrong, a point and its verdict, to a width in logical px.
std::vector<BandLine> band_lines(const Ui& ui, const AppState& state, std::size_t at, float room) {
    std::vector<BandLine> lines;
    const auto add = [&](const std::string& text, const BandLine& as) {
        BandLine line = as;
        for (std::string& part : wrapped_to(ui, text, line.size, room - line.indent)) {
            line.text = std::move(part);
            lines.push_back(line);
            line.mark.clear();
        }
    };
    const Theme& t = ui.theme;
    const Lesson& lesson = state.document.exhibit().lesson;
    const Side& side = state.document.side();
    const bool chinese = in_chinese(state);
    if (side.problem) add(side.problem->line(), {{}, said_size, t.broken, 24, 0, {}, "present problem"});
    if (!state.present.note.empty()) add(state.present.note, {{}, said_size, t.selection, 24, 0, {}, "present note"});
    if (!lesson.empty()) {
        const LessonPoint& point = lesson.points[at];
        add(chinese ? point.chinese : point.english, {{}, text_size, t.text, 26, 0, {}, "present text"});
        const Finding none, &finding = at < side.lesson.size() ? side.lesson[at] : none;
        const std::string said = verdict(point, finding);
        if (!said.empty()) {
            const Color color = said == "held" || is_broken(said) ? verdict_color(t, said) : t.secondary;
            add(verdict_line(said, finding, chinese), {{}, said_size, color, 26, mark_indent, said, "present verdict"});
        }
    }
    return lines;
}

/// Where each page begins, for pages of at most `room` logical px; at least one line each.
std::vector<std::size_t> page_starts(const std::vector<BandLine>& lines, float room) {
    std::vector<std::size_t> starts = {0};
    float used = 0;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (used > 0 && used + lines[i].height > room) {
            starts.push_back(i);
            used = 0;
        }
        used += lines[i].height;
    }
    return starts;
}

float height_of_lines(const std::vector<BandLine>& lines, std::size_t from, std::size_t to) {
    float height = 0;
    for (std::size_t i = from; i < to; ++i) height += lines[i].height;
    return height;
}

/// Of the highest point, or its highest page: the stage keeps its size from point to point.
float lines_height(const Ui& ui, const AppState& state, float room, float most) {
    float highest = 0;
    for (std::size_t at = 0; at < std::max<std::size_t>(state.present.points, 1); ++at) {
        const std::vector<BandLine> lines = band_lines(ui, state, at, room);
        std::vector<std::size_t> starts = page_starts(lines, most);
        starts.push_back(lines.size());
        for (std::size_t page = 0; page + 1 < starts.size(); ++page)
            highest = std::max(highest, height_of_lines(lines, starts[page], starts[page + 1]));
    }
    return highest;
}

/// The exhibit, its lesson, and how far it is. Returns how high it is, px.
float present_head(const Ui& ui, AppState& state, float width) {
    const float s = ui.s, left = present_margin * s;
    const Exhibit& e = state.document.exhibit();
    const std::string lesson = in_chinese(state) ? e.lesson.title_chinese : e.lesson.title_english;
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
    const float title = width_of(ui, e.title, title_size), gap = 16 * s;
    const bool together = lesson.empty() || title + gap + width_of(ui, lesson, said_size) <= room;
    for (const std::string& line : wrapped_to(ui, e.title, title_size, room / s)) {
        put(left, 0, line, title_size, ui.theme.text, "present title");
        y += 26 * s;
    }
    const auto one_baseline = static_cast<float>(ui.fonts.ascent(Font::ui) * (title_size - said_size)) * s;
    if (!lesson.empty() && together) {
        y -= 26 * s;
        put(left + title + gap, one_baseline, lesson, said_size, ui.theme.secondary, "present lesson");
        y += 26 * s;
    } else if (!lesson.empty()) {
        for (const std::string& line : wrapped_to(ui, lesson, said_size, room / s)) {
            put(left, 0, line, said_size, ui.theme.secondary, "present lesson");
            y += 22 * s;
        }
    }
    return y;
}

/// The keys, as many as there is room for, the most wanted first.
std::string hints(const Ui& ui, const AppState& state, const Controller& act, float room) {
    const bool chinese = in_chinese(state);
    std::vector<std::string> all = {chinese ? "Esc 结束" : "Esc end", chinese ? "F1 按键" : "F1 keys"};
    if (act.stage().step_count() > 1) all.emplace_back(chinese ? "[ ] 解码步" : "[ ] steps");
    all.emplace_back(chinese ? "V 视图" : "V views");
    all.emplace_back(chinese ? "S 聚光" : "S spotlight");
    all.emplace_back(chinese ? "B 黑屏" : "B black");
    all.emplace_back(chinese ? "W 白屏" : "W white");
    all.emplace_back(chinese ? "Ctrl + − 字号" : "Ctrl + − size");
    std::string text;
    for (const std::string& one : all) {
        const std::string longer = text.empty() ? one : text + " · " + one;
        if (width_of(ui, longer, hint_size) > room) break;
        text = longer;
    }
    return text;
}

/// Back and next for the mouse, the keys for everybody else.
void band_controls(const Ui& ui, AppState& state, const Controller& act, const Rect& place) {
    const float s = ui.s, height = controls_height * s;
    Presentation& p = state.present;
    const bool chinese = in_chinese(state);
    float right = place.at.x + place.size.x;
    const auto press = [&](const char* id, const std::string& text, ButtonKind kind, const char* tip) {
        const float wide = button_width(ui, text);
        right -= wide;
        ImGui::SetCursorScreenPos({right, place.at.y});
        const bool pressed = button(ui, id, text, kind, wide, tip, height);
        note_place(state, id);
        right -= 8 * s;
        return pressed;
    };
    if (p.points > 0) {
        const bool more = p.page + 1 < p.pages;
        const std::string onward = more ? (chinese ? "续 ▾" : "More ▾") : (chinese ? "下一条 →" : "Next →");
        const bool ends = p.at_end(), starts = p.at_start();
        if (press("present next", onward, ends ? ButtonKind::quiet : ButtonKind::primary, "Space → PageDown")) p.next();
        if (press("present back", chinese ? "← 上一条" : "← Back", starts ? ButtonKind::quiet : ButtonKind::plain, "← PageUp"))
            p.back();
    }
    const std::string keys = hints(ui, state, act, right - 12 * s - place.at.x);
    ImGui::SetCursorScreenPos({place.at.x, place.at.y + 8 * s});
    label(ui, keys, ui.theme.secondary, hint_size);
    note_place(state, "present hints");
}

/// How far the lesson is, on the band's upper edge: a stroke for each point.
void band_progress(const Ui& ui, const Presentation& p, ImVec2 at, float width) {
    const float s = ui.s;
    if (p.points < 2 || p.points > 64) return;
    const auto n = static_cast<float>(p.points);
    const float gap = 5 * s, each = (width - gap * (n - 1)) / n;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (std::size_t i = 0; i < p.points; ++i) {
        const float x = at.x + (each + gap) * static_cast<float>(i);
        list.AddRectFilled({x, at.y}, {x + each, at.y + 3 * s}, ui.color(i <= p.point ? ui.theme.accent : ui.theme.line),
                           1.5f * s);
    }
}

/// One page of the lines, at the lower edge of the window.
void present_band(const Ui& ui, AppState& state, const Controller& act, const Rect& place, const std::vector<BandLine>& lines,
                  std::size_t from, std::size_t to) {
    const float s = ui.s, left = present_margin * s;
    begin_panel(ui, "present band", place.at, place.size, ui.theme.panel, {0, 0}, false);
    edge(ui, place.at, {place.at.x + place.size.x, place.at.y});
    const float width = place.size.x - 2 * left;
    band_progress(ui, state.present, {left, place.at.y}, width);
    float y = place.at.y + band_top * s;
    for (std::size_t i = from; i < to; ++i) {
        const BandLine& line = lines[i];
        const float drop = line.indent > 0 ? 3 * s : 0;  // a verdict stands off its text
        if (!line.mark.empty()) verdict_mark(ui, {left, y + drop + 2 * s}, line.mark);
        ImGui::SetCursorScreenPos({left + line.indent * s, y + drop});
        label(ui, line.text, line.color, line.size);
        note_line(state, line.place);
        y += line.height * s;
    }
    const float controls = place.at.y + place.size.y - (band_bottom + controls_height) * s;
    band_controls(ui, state, act, {{left, controls}, {width, controls_height * s}});
    end_panel();
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

}  // namespace

void present(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    Presentation& p = state.present;
    p.follow(state.document.exhibit().id, state.document.exhibit().lesson.points.size());
    const float room = screen.x / s - 2 * present_margin;
    const std::vector<BandLine> lines = band_lines(ui, state, p.point, room);
    const float around = band_top + band_bottom + controls_height + (lines.empty() ? 0 : controls_gap);
    const float most = screen.y / s / 3 - around;
    const std::vector<std::size_t> starts = page_starts(lines, most);
    p.take_pages(starts.size());
    const std::size_t from = starts[p.page], to = p.page + 1 < starts.size() ? starts[p.page + 1] : lines.size();
    const float band = (around + lines_height(ui, state, room, most)) * s;

    ui.grounds.add({0, 0}, screen, ui.theme.background);
    state.places.clear();
    const float head = present_head(ui, state, screen.x);
    const auto titles = state.places;
    Layout layout;
    layout.stage = {{0, head}, {screen.x, std::max(1.0f, screen.y - band - head)}};
    stage(ui, state, act, layout);
    state.places.insert(titles.begin(), titles.end());
    state.places["present stage"] = {0, head, screen.x, layout.stage.size.y};
    state.places["present band"] = {0, screen.y - band, screen.x, band};
    present_band(ui, state, act, {{0, screen.y - band}, {screen.x, band}}, lines, from, to);
    if (!ImGui::IsMousePosValid()) ImGui::SetMouseCursor(ImGuiMouseCursor_None);
    if (p.spotlight) draw_spotlight(ui, screen);
    if (p.blank == Presentation::Blank::none) return;
    const auto level = static_cast<std::uint8_t>(p.blank == Presentation::Blank::white ? 255 : 0);
    ImGui::GetForegroundDrawList()->AddRectFilled({0, 0}, screen, ui.color(Color{level, level, level, 255}));
    if (ImGui::IsMouseClicked(0)) p.blank = Presentation::Blank::none;
}

}  // namespace saccade
