#include "ui/present_band.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ui/imgui_compat.hpp"
#include "ui/text_wrap.hpp"
#include "ui/verdict_line.hpp"

namespace saccade {

namespace {

// Logical px.
constexpr float band_top = 12, band_bottom = 8, footer = 22, controls_height = 32, mark_indent = 26, control_gap = 8;
constexpr double text_size = 18, said_size = 15, hint_size = 13;
constexpr float text_line = 25, said_line = 22;

}  // namespace

std::vector<std::string> wrapped_to(const Ui& ui, const std::string& text, double size, float room) {
    ui.fonts.need(text);
    const ScreenTextMeasure measure(ui.fonts);
    return wrapped(text, static_cast<double>(room), [&](const std::string& t) { return measure.width(t, size, Font::ui); });
}

float width_of(const Ui& ui, const std::string& text, double size) {
    ui.fonts.need(text);
    return static_cast<float>(ScreenTextMeasure(ui.fonts).width(text, size, Font::ui)) * ui.s;
}

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

PresentBand::PresentBand(const Ui& ui, AppState& state, Controller& act, ImVec2 screen)
    : ui_(ui),
      state_(state),
      act_(act),
      screen_(screen),
      in_(state.view.language),
      room_(screen.x / ui.s - 2 * present_margin),
      most_(screen.y / ui.s / 3 - band_top - band_bottom - footer),
      controls_(controls_width()) {
    Presentation& p = state.present;
    can_play_ = !act.lesson().asks() && !state.slow.on() && story_to_play(state).has_value();
    lines_ = lines_of(p.point);
    const std::vector<std::size_t> starts = page_starts(lines_);
    p.take_pages(starts.size());
    from_ = starts[p.page];
    to_ = p.page + 1 < starts.size() ? starts[p.page + 1] : lines_.size();
    // Of the highest point, or its highest page.
    float highest = controls_height;
    for (std::size_t at = 0; at < std::max<std::size_t>(p.points, 1); ++at) {
        const std::vector<Line> lines = lines_of(at);
        std::vector<std::size_t> pages = page_starts(lines);
        pages.push_back(lines.size());
        for (std::size_t page = 0; page + 1 < pages.size(); ++page)
            highest = std::max(highest, height_of(lines, pages[page], pages[page + 1]));
    }
    height_ = (band_top + band_bottom + footer + std::min(highest, std::max(most_, controls_height))) * ui.s;
}

/// What is wrong, a point and its claims.
std::vector<PresentBand::Line> PresentBand::lines_of(std::size_t point) const {
    std::vector<Line> lines;
    const auto add = [&](const std::string& text, Line as) {
        const float room = room_ - as.indent - (as.beside_controls ? controls_ / ui_.s + 16 : 0);
        for (std::string& part : wrapped_to(ui_, text, as.size, std::max(room, 60.0f))) {
            as.text = std::move(part);
            lines.push_back(as);
            as.claim.reset();
        }
    };
    const Theme& t = ui_.theme;
    const Side& side = state_.document.side();
    if (side.problem) add(side.problem->line(), {{}, said_size, t.broken, 24, 0, "present problem"});
    if (!state_.present.note.empty()) add(state_.present.note, {{}, said_size, t.selection, 24, 0, "present note"});
    if (!state_.lesson.problem.empty() && point == state_.lesson.scene)
        add(state_.lesson.problem, {{}, said_size, t.selection, 24, 0, "present note"});
    const ShownPoint shown = shown_point(state_, act_, point);
    if (!shown.text.empty()) add(shown.text, {{}, text_size, t.text, text_line});
    for (const ShownClaim& claim : shown.claims) {
        const bool decided = claim.said == "held" || is_broken(claim.said);
        Line line{{},        said_size,   decided ? verdict_color(t, claim.said) : t.secondary,
                  said_line, mark_indent, "present verdict"};
        line.beside_controls = true;
        line.claim = claim;
        line.selects = claim.waits ? std::nullopt : claim.scene_claim;
        add(claim.text, line);
    }
    return lines;
}

/// With the buttons at their lower right, where only what leaves them room may stand.
float PresentBand::height_of(const std::vector<Line>& lines, std::size_t from, std::size_t to) const {
    float height = 0, beside = 0;
    for (std::size_t i = from; i < to; ++i) {
        height += lines[i].height;
        beside = lines[i].beside_controls ? beside + lines[i].height : 0;
    }
    return height + std::max(0.0f, controls_height + 4 - beside);
}

/// Where each page begins; at least one line each.
std::vector<std::size_t> PresentBand::page_starts(const std::vector<Line>& lines) const {
    std::vector<std::size_t> starts = {0};
    for (std::size_t i = 1; i <= lines.size(); ++i)
        if (i - starts.back() > 1 && height_of(lines, starts.back(), i) > most_) starts.push_back(i - 1);
    return starts;
}

void PresentBand::draw() {
    const float s = ui_.s, left = present_margin * s, top = screen_.y - height_;
    state_.places["present band"] = {0, top, screen_.x, height_};
    begin_panel(ui_, "present band", {0, top}, {screen_.x, height_}, ui_.theme.panel, {0, 0}, false);
    edge(ui_, {0, top}, {screen_.x, top});
    const float low = top + height_ - (band_bottom + footer) * s;
    draw_lines({left, top + band_top * s});
    draw_controls({screen_.x - left, low});
    const float strokes = state_.present.points > 1 ? std::min(260 * s, screen_.x * 0.3f) : 0;
    draw_progress({screen_.x - left - strokes, low + 11 * s}, strokes);
    ImGui::SetCursorScreenPos({left, low + 3 * s});
    const float room = screen_.x - 2 * left - strokes - 16 * s;
    label(ui_, focused_finding_.empty() ? hints(room) : focused_finding_, ui_.theme.secondary, hint_size, Font::ui, room);
    note_place(state_, "present hints");
    end_panel();
}

void PresentBand::draw_lines(ImVec2 at) {
    const float s = ui_.s;
    std::optional<std::size_t> claim;  // whose lines these are
    for (std::size_t i = from_; i < to_; ++i) {
        const Line& line = lines_[i];
        const float drop = line.indent > 0 ? 3 * s : 0;  // a verdict stands off its text
        if (line.selects != claim && line.selects) claim_button(i, {at.x, at.y + drop});
        claim = line.selects;
        if (line.claim) verdict_mark(ui_, {at.x, at.y + drop + 1 * s}, line.claim->said);
        ImGui::SetCursorScreenPos({at.x + line.indent * s, at.y + drop});
        label(ui_, line.text, line.color, line.size);
        note_line(state_, line.place);
        at.y += line.height * s;
    }
}

/// All lines of the claim that begins with this one: a click, or Enter where Tab went to it, selects its cells.
void PresentBand::claim_button(std::size_t first, ImVec2 at) {
    const float s = ui_.s;
    const std::size_t claim = *lines_[first].selects;
    float width = 0, height = 0;
    for (std::size_t i = first; i < to_ && lines_[i].selects == claim; ++i) {
        width = std::max(width, lines_[i].indent * s + width_of(ui_, lines_[i].text, lines_[i].size));
        height += lines_[i].height * s;
    }
    ImGui::SetCursorScreenPos(at);
    const bool pressed = ImGui::InvisibleButton(fmt::format("claim {}", claim + 1).c_str(), {width, height});
    ui_.stop();
    note_place(state_, fmt::format("claim {}", claim + 1));
    const std::optional<ShownClaim>& said = lines_[first].claim;
    if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    if (ui_.tabs.focused() && said) focused_finding_ = said->found;
    if (ImGui::IsItemHovered() && said && !said->found.empty()) {
        // Above the band, where it stands on no other claim.
        ImGui::SetNextWindowPos({at.x, screen_.y - height_ - 8 * s}, ImGuiCond_Always, {0, 1});
        tooltip(ui_, said->found);
    }
    if (pressed) act_.lesson().select(claim);
}

std::string PresentBand::onward_text() const {
    const Presentation& p = state_.present;
    if (p.page + 1 < p.pages) return in_.tr("More ▾");
    return state_.lesson.file ? in_.tr("Next →") : in_.tr_in("a point of a lesson", "Next →");
}

std::string PresentBand::back_text() const {
    return state_.lesson.file ? in_.tr("← Back") : in_.tr_in("a point of a lesson", "← Back");
}

/// Of all buttons that may stand there, so that nothing moves from page to page.
float PresentBand::controls_width() const {
    if (state_.present.points == 0) return 0;
    const float onward = std::max(button_width(ui_, in_.tr("More ▾")), button_width(ui_, onward_text()));
    const float asked = std::max(button_width(ui_, in_.tr("Reveal ␣")), button_width(ui_, in_.tr("Ask again A")));
    return onward + button_width(ui_, back_text()) + control_gap * ui_.s +
           (act_.lesson().asks() ? asked + control_gap * ui_.s : 0);
}

/// For the mouse; the keys do the same.
void PresentBand::draw_controls(ImVec2 right_low) {
    Presentation& p = state_.present;
    if (p.points == 0) return;
    const float s = ui_.s, height = controls_height * s;
    float right = right_low.x;
    const auto press = [&](const char* id, const std::string& text, ButtonKind kind, const char* tip) {
        const float wide = button_width(ui_, text);
        right -= wide;
        ImGui::SetCursorScreenPos({right, right_low.y - height});
        const bool pressed = button(ui_, id, text, kind, wide, tip, height);
        note_place(state_, id);
        right -= control_gap * s;
        return pressed;
    };
    const bool covered = act_.lesson().covered(), ends = p.at_end(), starts = p.at_start();
    const ButtonKind onward = ends ? ButtonKind::quiet : covered ? ButtonKind::plain : ButtonKind::primary;
    if (press("present next", onward_text(), onward, "Space → PageDown")) p.next();
    if (press("present back", back_text(), starts ? ButtonKind::quiet : ButtonKind::plain, "← PageUp")) p.back();
    if (covered && press("present reveal", in_.tr("Reveal ␣"), ButtonKind::primary, "Space PageDown")) act_.lesson().reveal();
    if (act_.lesson().asks() && !covered && press("present again", in_.tr("Ask again A"), ButtonKind::plain, "A"))
        act_.lesson().ask_again();
}

/// How far the lesson is: a stroke for each point.
void PresentBand::draw_progress(ImVec2 at, float width) const {
    const Presentation& p = state_.present;
    if (p.points < 2 || p.points > 64) return;
    const float s = ui_.s, gap = 5 * s;
    const auto n = static_cast<float>(p.points);
    const float each = (width - gap * (n - 1)) / n;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (std::size_t i = 0; i < p.points; ++i) {
        const float x = at.x + (each + gap) * static_cast<float>(i);
        list.AddRectFilled({x, at.y}, {x + each, at.y + 3 * s}, ui_.color(i <= p.point ? ui_.theme.accent : ui_.theme.line),
                           1.5f * s);
    }
}

/// The keys, as many as there is room for, the most wanted first.
std::string PresentBand::hints(float room) const {
    std::vector<std::string> all;
    const auto add = [&](std::string text) { all.push_back(std::move(text)); };
    if (state_.lesson.file && act_.lesson().changed()) add(in_.tr("M make it so"));
    if (state_.slow.on()) {
        add(in_.tr("Esc P back to the views"));
        add(in_.tr("Space pause"));
        add(in_.tr("← → number by number"));
    } else {
        add(in_.tr("Esc end"));
        if (can_play_) add(in_.tr("P play the row"));
    }
    if (act_.lesson().covered()) add(in_.tr("↑ ↓ + − draw the bars"));
    add(in_.tr("F1 keys"));
    if (act_.stage().step_count() > 1 && !act_.lesson().asks() && !state_.slow.on()) add(in_.tr("[ ] steps"));
    if (!act_.lesson().asks() && !state_.slow.on()) add(in_.tr("V views"));
    add(in_.tr("S spotlight"));
    add(in_.tr("B black"));
    add(in_.tr("W white"));
    add(in_.tr("Ctrl + − size"));
    std::string text;
    for (const std::string& one : all) {
        const std::string longer = text.empty() ? one : text + " · " + one;
        if (width_of(ui_, longer, hint_size) > room) break;
        text = longer;
    }
    return text;
}

}  // namespace saccade
