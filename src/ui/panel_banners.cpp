#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <functional>
#include <set>

#include "base/error_line.hpp"
#include "base/printable.hpp"
#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

/// Something to say: a line with a coloured edge and what can be done about it at its right end.
struct BannerLine {
    std::string text;
    Color color;
    std::string action{};           // empty: none
    std::function<void()> act{};    // what it does
    std::function<void()> close{};  // empty: it ends with its cause
    double done = -1;               // how far a run is; negative: it is none
    std::string tip{};
    std::string place{};  // what a test knows the action by; empty: by its text
    std::string other{};  // a second action, at the left of the first
    std::function<void()> act_other{};
};

constexpr float line_height = 28;

/// An action stands whole as long as there is room: what is said gives way.
float action_width(const Ui& ui, const std::string& action, float width) {
    return action.empty() ? 0 : std::clamp(button_width(ui, tr(action)), 110 * ui.s, std::max(110 * ui.s, width / 2));
}

/// Of the text of a line `width` px wide, beside what can be done about it.
float text_room(const Ui& ui, const BannerLine& line, float width) {
    const float other = line.other.empty() ? 0 : action_width(ui, line.other, width) + 6 * ui.s;
    return width - action_width(ui, line.action, width) - other - (28 + (line.close ? 36.0f : 0)) * ui.s;
}

bool is_cut(const Ui& ui, const BannerLine& line, float width) {
    ui.fonts.need(line.text);
    const double needed = ScreenTextMeasure(ui.fonts).width(line.text, 13, Font::ui);
    return static_cast<float>(needed) * ui.s > text_room(ui, line, width);
}

/// `whole`: as high as its text needs; otherwise the text is cut at the end of the line.
void banner_line(const Ui& ui, AppState& state, int id, const BannerLine& line, float width, bool whole) {
    const float s = ui.s, room = text_room(ui, line, width);
    std::vector<std::string> texts = {line.text};
    const ScreenTextMeasure measure(ui.fonts);
    if (whole && is_cut(ui, line, width))
        texts = wrapped(line.text, static_cast<double>(room / s),
                        [&](const std::string& t) { return measure.width(t, 13, Font::ui); });
    const float height = (line_height + 18 * static_cast<float>(texts.size() - 1)) * s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ImDrawList& list = *ImGui::GetWindowDrawList();
    ImGui::PushID(id);
    list.AddRectFilled(at, {at.x + width, at.y + height}, ui.color(mix(ui.theme.panel, line.color, 0.14)), 6 * s);
    if (line.done >= 0) {
        const float y = at.y + height - 3 * s;
        list.AddRectFilled({at.x, y}, {at.x + width * static_cast<float>(line.done), y + 3 * s}, ui.color(line.color),
                           1.5f * s);
    } else {
        list.AddRectFilled(at, {at.x + 3 * s, at.y + height}, ui.color(line.color), 2 * s);
    }
    const float close = line.close ? 36 * s : 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
        ImGui::SetCursorScreenPos({at.x + 14 * s, at.y + (6 + 18 * static_cast<float>(i)) * s});
        label(ui, texts[i], ui.theme.text, 13, Font::ui, room);
    }
    float end = at.x + width - close - 2 * s;
    const auto press = [&](const char* button_id, const std::string& text, const std::string& place, const std::string& tip) {
        const float wide = action_width(ui, text, width);
        ImGui::SetCursorScreenPos({end - wide, at.y + 2 * s});
        end -= wide + 6 * s;
        const std::string fits = fitted(ui, tr(text), 15, Font::ui, wide - 24 * s);
        const bool pressed = button(ui, button_id, fits, ButtonKind::plain, wide, tip, 24 * s);
        note_place(state, place.empty() ? text : place);
        return pressed;
    };
    if (!line.action.empty() && press("action", line.action, line.place, line.tip)) line.act();
    if (!line.other.empty() && press("other", line.other, {}, {})) line.act_other();
    if (line.close) {
        ImGui::SetCursorScreenPos({at.x + width - 34 * s, at.y + 2 * s});
        if (button(ui, "close", "×", ButtonKind::quiet, 28 * s, tr("Dismiss"), 24 * s)) line.close();
    }
    ImGui::PopID();
    ImGui::SetCursorScreenPos({at.x, at.y + height + 4 * s});
}

std::string side_mark(const AppState& state, std::size_t i) {
    return state.document.comparing ? (i == 0 ? "A: " : "B: ") : "";
}

/// What both runs have to say, once.
void add_notes(const Ui& ui, const AppState& state, std::vector<BannerLine>& lines) {
    std::set<std::string> said;
    for (std::size_t i = 0; i < (state.document.comparing ? 2u : 1u); ++i) {
        const Side& side = state.document.comparing ? state.document.sides[i] : state.document.side();
        if (side.trace() == nullptr || side.problem) continue;
        for (const Note& note : side.trace()->notes()) {
            const std::string text = tr_composed(note.text) + (note.hint.empty() ? "" : ": " + tr_composed(note.hint));
            if (said.insert(text).second) lines.push_back({text, ui.theme.selection});
        }
    }
}

/// A run that takes longer than a moment: how far it is, and the way to end it.
void add_progress(const Ui& ui, const AppState& state, Controller& act, std::vector<BannerLine>& lines) {
    if (!state.document.running()) return;
    const Side* side = nullptr;  // the one that has most to do
    for (const Side& one : state.document.sides)
        if (one.running && (side == nullptr || one.progress < side->progress)) side = &one;
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - side->asked_at).count();
    if (waited < 0.4) return;
    const double done = side->progress;
    std::string text = tr("Computing");
    if (done > 0) text += fmt::format("  {:.0f}%", std::floor(done * 100));
    text += "  ·  " + tr("{} so far", time_text(waited));
    if (done > 0.02 && waited > 1) text += "  ·  " + tr("{} left", time_text(waited * (1 - done) / done));
    lines.push_back({text,
                     ui.theme.accent,
                     msg("Cancel"),
                     [&act] { act.runs().cancel(); },
                     {},
                     done,
                     tr("Stop here and keep what there is (Esc)")});
}

std::string ago_text(double seconds) {
    const auto minutes = static_cast<long>(seconds / 60);
    if (minutes < 1) return tr("just now");
    if (minutes < 60) return tr("{} min ago", minutes);
    return minutes < 48 * 60 ? tr("{} h ago", minutes / 60) : tr("{} days ago", minutes / (24 * 60));
}

/// As the inspector calls it.
std::string model_title(const Exhibit& e, const std::string& choice) {
    for (const ParamSpec& spec : e.params)
        for (std::size_t i = 0; spec.name == "model" && i < spec.choices.size() && i < spec.choice_titles.size(); ++i)
            if (spec.choices[i] == choice) return tr(spec.choice_titles[i]);
    return choice;
}

/// A file that takes longer than a moment to be read, and the way to end that.
void add_reading(const Ui& ui, Controller& act, std::vector<BannerLine>& lines) {
    const FileComing* coming = act.files().coming();
    if (coming == nullptr || coming->stop.stop_requested()) return;
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - coming->since).count();
    if (waited < 0.4) return;
    const double done = *coming->progress;
    std::string text = tr("Reading {}", printable(coming->path));
    if (done > 0) text += fmt::format("  {:.0f}%", std::floor(done * 100));
    lines.push_back({text,
                     ui.theme.accent,
                     msg("Cancel"),
                     [&act] { act.files().stop_reading(); },
                     {},
                     done > 0 ? done : -1,
                     tr("What is open stays")});
}

/// What an earlier program left, and whether what is open now is kept.
void add_recovery(const Ui& ui, Controller& act, std::vector<BannerLine>& lines) {
    Recovery& recovery = act.recovery();
    if (recovery.left()) {
        const double ago = std::difftime(std::time(nullptr), recovery.left()->written());
        const std::optional<Error>& failed = recovery.left_problem();
        BannerLine line{failed ? tr("What was kept cannot be restored: {}", shown_line(*failed))
                               : tr("Saccade ended without being quit, {}: what was open then is kept", ago_text(ago)),
                        failed ? ui.theme.broken : ui.theme.selection};
        line.action = msg("Restore");
        line.act = [&act] { act.files().restore_left(); };
        line.other = msg("Discard");
        line.act_other = [&act] { act.recovery().discard_left(); };
        lines.push_back(std::move(line));
    }
    if (const auto problem = recovery.problem())
        lines.push_back({tr("What is open cannot be kept safe: {}", shown_line(*problem)), ui.theme.broken});
}

/// Edits by hand that named tokens which are gone.
void add_set_aside(const Ui& ui, Controller& act, std::vector<BannerLine>& lines) {
    const std::vector<std::string> names = act.hand().set_aside();
    if (names.empty()) return;
    std::string text = tr("Set aside, as made on another text: ");
    for (std::size_t i = 0; i < std::min<std::size_t>(names.size(), 3); ++i) text += (i > 0 ? ", " : "") + names[i];
    if (names.size() > 3) text += tr(" and {} more", names.size() - 3);
    lines.push_back({text,
                     ui.theme.selection,
                     msg("Apply here"),
                     [&act] { act.hand().apply_set_aside(); },
                     {},
                     -1,
                     tr("The same cells of this text are changed. They also come back with the text that they were made on")});
}

/// All there is to say, what matters most first.
std::vector<BannerLine> lines_of(const Ui& ui, AppState& state, Controller& act) {
    std::vector<BannerLine> lines;
    add_recovery(ui, act, lines);
    add_reading(ui, act, lines);
    add_progress(ui, state, act, lines);
    for (std::size_t i = 0; i < (state.document.comparing ? 2u : 1u); ++i) {
        const Side& side = state.document.sides[i];
        if (side.problem && !side.running) lines.push_back({side_mark(state, i) + shown_line(*side.problem), ui.theme.broken});
        if (!side.cancelled) continue;
        const std::string what = side.partial()
                                     ? tr("Partial: cancelled at {:.0f}% of this run", std::floor(side.shown.progress * 100))
                                     : tr("Cancelled before there was anything to show: the picture is from the previous run");
        lines.push_back(
            {side_mark(state, i) + what, ui.theme.selection, msg("Run again"), [&act, i] { act.runs().submit(i); }});
    }
    if (!state.document.matrix.problem.empty()) lines.push_back({state.document.matrix.problem, ui.theme.broken});
    if (state.banner)
        lines.push_back({state.banner->text, state.banner->error ? ui.theme.broken : ui.theme.accent, {}, {}, [&act] {
                             act.messages().dismiss();
                         }});
    add_set_aside(ui, act, lines);
    if (const auto offered = act.inputs().offered_model(); offered && !state.document.side().problem) {
        // Whose name must not be lost stands on the button.
        const std::string title = model_title(state.document.exhibit(), *offered);
        lines.push_back({tr("Another model knows this text better: {}", title), ui.theme.selection, tr("Switch to {}", title),
                         [&act, model = *offered] { act.inputs().set_model(model); }});
        lines.back().tip = tr("Made for texts like this, or knows more of its characters: {}", title);
        lines.back().place = "Switch model";
    }
    add_notes(ui, state, lines);
    return lines;
}

}  // namespace

std::string time_text(double seconds) {
    const auto whole = static_cast<long>(std::ceil(seconds));
    return whole < 60 ? tr("{} s", whole) : tr("{} min {:02} s", whole / 60, whole % 60);
}

/// One line, always there, so that nothing that is said moves the stage; what is more opens below it. Where nothing is to be
/// said it says what the exhibit shows.
void banners(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const std::vector<BannerLine> lines = lines_of(ui, state, act);
    if (lines.empty()) {
        ImGui::SetCursorScreenPos({at.x, at.y + 4 * s});
        label(ui, tr_composed(state.document.exhibit().summary), ui.theme.faint, 13, Font::ui, width);
    } else {
        const bool several = lines.size() > 1;
        const std::string title = several ? tr("{} more ▾", lines.size() - 1) : tr("All ▾");
        const float wide = button_width(ui, title) + 8 * s;  // in any language
        const bool cut = is_cut(ui, lines.front(), several ? width - wide : width);
        const float more = several || cut ? wide : 0;
        banner_line(ui, state, 0, lines.front(), width - more, false);
        if (more > 0) {
            ImGui::SetCursorScreenPos({at.x + width - more + 8 * s, at.y + 2 * s});
            if (button(ui, "more lines", title, ButtonKind::plain, more - 8 * s,
                       several ? tr("What else there is to say") : tr("The whole line"), 24 * s))
                ImGui::OpenPopup("lines");
            note_place(state, "more lines");
            ImGui::SetNextWindowPos({at.x, at.y + (line_height + 4) * s});
            if (ImGui::BeginPopup("lines")) {
                for (std::size_t i = cut ? 0 : 1; i < lines.size(); ++i)
                    banner_line(ui, state, static_cast<int>(i), lines[i], width - 24 * s, true);
                ImGui::Dummy({width - 24 * s, 1});
                ImGui::EndPopup();
            }
        }
    }
    ImGui::SetCursorScreenPos({at.x, at.y + (line_height + 8) * s});
}

}  // namespace saccade
