#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/utf8.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

bool is_forced(const Exhibit& e, const ParamSpec& spec) {
    return spec.name == e.forced_param;
}

/// What the model wrote, in the field by which it can be forced.
void show_written(const Ui& ui, const std::string& written, bool active, ImVec2 low, ImVec2 high) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({low.x + 12 * s, low.y + 7 * s});
    label(ui, written, active ? ui.theme.faint : ui.theme.text, 18, Font::ui, high.x - low.x - 24 * s);
    const float from = ImGui::GetItemRectMax().x + 12 * s;
    if (high.x - from < 80 * s) return;
    const double drop = ui.fonts.ascent(Font::ui) * (18 - 15);  // one baseline
    ImGui::SetCursorScreenPos({from, low.y + (7 + static_cast<float>(drop)) * s});
    label(ui, "free · click to force your own", ui.theme.faint, 15, Font::ui, high.x - from - 12 * s);
}

/// A text parameter as a field; what the model wrote stands in it, quietly, while it is free.
void text_field(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ParamSpec& spec, float title_width) {
    const float s = ui.s;
    const float field_height = compat::font_size(*ui.fonts.face(Font::ui, 19)) + 14 * s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({row.x, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 15))) / 2});
    label(ui, spec.title, ui.theme.secondary, 15, Font::ui, title_width - 10 * s);
    if (state.document.comparing && !state.document.linked) {
        ImGui::SameLine(0, 6 * s);
        label(ui, state.document.focus == 0 ? "A" : "B", ui.theme.accent, 15);
    }
    ImGui::SetCursorScreenPos({row.x + title_width, row.y});
    const Params& params = state.document.side().request.params;
    std::string text = params.has(spec.name) ? params.text(spec.name) : std::get<std::string>(spec.fallback);
    const bool examples = !spec.examples.empty();
    const bool forced = is_forced(e, spec) && !text.empty();
    const float side = examples || is_forced(e, spec) ? 128 * s : 0;
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - side - (side > 0 ? 12 * s : 0));
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * s, 7 * s));
    // What the model wrote stands in the field while it is free, drawn by hand: a hint has one colour.
    std::string written;
    if (is_forced(e, spec) && text.empty() && state.document.trace() != nullptr)
        if (const auto found = state.document.trace()->texts().find(e.output_text);
            found != state.document.trace()->texts().end())
            written = found->second;
    const std::string hint = written.empty() ? spec.placeholder : std::string();
    const bool changed = text_input(ui, ("##" + spec.name).c_str(), text, hint, Font::ui, 19, state.reload_now);
    const bool active = ImGui::IsItemActive();
    const ImVec2 low = ImGui::GetItemRectMin();
    const ImVec2 high = ImGui::GetItemRectMax();
    state.places[spec.name] = {low.x, low.y, high.x - low.x, high.y - low.y};
    if (active) ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(ui.theme.accent), 8 * s);
    ImGui::PopStyleVar();
    if (!written.empty() && text.empty()) show_written(ui, written, active, low, high);
    if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(low, high) && !ImGui::GetIO().WantTextInput)
        tooltip(ui, spec.help);
    ImGui::SetCursorScreenPos({row.x, row.y});
    ImGui::Dummy({high.x - row.x, field_height});
    if (changed) {
        ui.fonts.need(text);
        act.inputs().set_param(spec.name, sanitize_utf8(text));
    }
    if (examples) {
        ImGui::SameLine(0, 12 * s);
        if (button(ui, ("examples_" + spec.name).c_str(), "Example ▾", ButtonKind::plain, 128 * s, "Inputs worth a look",
                   field_height))
            ImGui::OpenPopup(("menu_" + spec.name).c_str());
        if (ImGui::BeginPopup(("menu_" + spec.name).c_str())) {
            for (const std::string& example : spec.examples) {
                ui.fonts.need(example);
                if (ImGui::Selectable(example.c_str())) {
                    act.inputs().set_param(spec.name, example);
                    state.document.reload_fields = true;
                }
            }
            ImGui::EndPopup();
        }
    } else if (is_forced(e, spec)) {
        ImGui::SetCursorScreenPos({high.x + 12 * s, row.y});
        if (forced) {
            if (button(ui, "free", "Decode freely", ButtonKind::plain, 128 * s, "Let the decoder choose its output",
                       field_height)) {
                act.inputs().set_param(spec.name, std::string());
                state.document.reload_fields = true;
            }
        } else {
            ImGui::SetCursorScreenPos(
                {high.x + 12 * s, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 13))) / 2});
            label(ui, "free decoding", ui.theme.faint, 13);
        }
    }
    ImGui::SetCursorScreenPos({row.x, row.y + field_height + 10 * s});
}

/// What the run says, where no field shows it.
void output_line(const Ui& ui, AppState& state, const Exhibit& e, float title_width) {
    const Trace* trace = state.document.trace();
    if (trace == nullptr) return;
    const auto found = trace->texts().find(e.output_text);
    if (found == trace->texts().end() || found->second.empty()) return;
    const float s = ui.s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - title_width;
    label(ui, "Output", ui.theme.secondary, 15, Font::ui, title_width - 10 * s);
    ImGui::SetCursorScreenPos({row.x + title_width + 12 * s, row.y - 3 * s});
    label(ui, found->second, ui.theme.text, 18, Font::ui, width - 24 * s);
    note_place(state, "output line");
    ImGui::SetCursorScreenPos({row.x, row.y + 30 * s});
}

/// A line with a coloured edge and what can be done about it at its right end.
struct BannerLine {
    std::string text;
    Color color;
    std::string action;    // empty: none
    bool dismiss = false;  // can be closed
};
enum class Answer { none, action, dismiss };

Answer banner_line(const Ui& ui, AppState& state, const char* id, const BannerLine& line) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(at, {at.x + width, at.y + 30 * s}, ui.color(mix(ui.theme.panel, line.color, 0.14)), 6 * s);
    list.AddRectFilled(at, {at.x + 3 * s, at.y + 30 * s}, ui.color(line.color), 2 * s);
    const float action = line.action.empty() ? 0 : 110 * s;
    const float close = line.dismiss ? 36 * s : 0;
    ImGui::SetCursorScreenPos({at.x + 14 * s, at.y + 7 * s});
    label(ui, line.text, ui.theme.text, 13, Font::ui, width - 28 * s - action - close);
    Answer answer = Answer::none;
    if (action > 0) {
        ImGui::SetCursorScreenPos({at.x + width - action - close - 2 * s, at.y + 2 * s});
        if (button(ui, (std::string("action") + id).c_str(), line.action, ButtonKind::plain, action, {}, 26 * s))
            answer = Answer::action;
        note_place(state, line.action);
    }
    if (line.dismiss) {
        ImGui::SetCursorScreenPos({at.x + width - 34 * s, at.y + 2 * s});
        if (button(ui, (std::string("dismiss") + id).c_str(), "×", ButtonKind::quiet, 28 * s, "Dismiss"))
            answer = Answer::dismiss;
    }
    ImGui::SetCursorScreenPos({at.x, at.y + 36 * s});
    return answer;
}

std::string side_mark(const AppState& state, std::size_t i) {
    return state.document.comparing ? (i == 0 ? "A: " : "B: ") : "";
}

/// What both runs have to say, once.
void note_lines(const Ui& ui, AppState& state) {
    std::set<std::string> said;
    for (std::size_t i = 0; i < (state.document.comparing ? 2u : 1u); ++i) {
        const Side& side = state.document.comparing ? state.document.sides[i] : state.document.side();
        if (side.trace() == nullptr || side.problem) continue;
        for (const Note& note : side.trace()->notes()) {
            const std::string text = note.text + (note.hint.empty() ? "" : ": " + note.hint);
            if (!said.insert(text).second) continue;
            banner_line(ui, state, "note", {text, ui.theme.selection, "", false});
        }
    }
}

}  // namespace

std::string time_text(double seconds) {
    const auto whole = static_cast<long>(std::ceil(seconds));
    return whole < 60 ? fmt::format("{} s", whole) : fmt::format("{} min {:02} s", whole / 60, whole % 60);
}

void inputs(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = state.document.exhibit();
    const ScreenTextMeasure measure(ui.fonts);
    float title_width = 76 * ui.s;
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::text)
            title_width = std::max(title_width, static_cast<float>(measure.width(spec.title, 15, Font::ui)) * ui.s + 16 * ui.s);
    title_width = std::min(title_width, ImGui::GetContentRegionAvail().x * 0.3f);
    if (state.document.comparing && !state.document.linked) title_width += 18 * ui.s;
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::image) picture_row(ui, state, act, e, spec);
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::text) text_field(ui, state, act, e, spec, title_width);
    if (e.forced_param.empty()) output_line(ui, state, e, title_width);
}

/// A run that takes longer than a moment: how far it is, and the way to end it.
void run_progress(const Ui& ui, AppState& state, Controller& act) {
    if (!state.document.running()) return;
    const Side* side = nullptr;  // the one that has most to do
    for (const Side& one : state.document.sides)
        if (one.running && (side == nullptr || one.progress < side->progress)) side = &one;
    const double waited = std::chrono::duration<double>(std::chrono::steady_clock::now() - side->asked_at).count();
    if (waited < 0.4) return;
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const double done = side->progress;
    std::string text = "Computing";
    if (done > 0) text += fmt::format("  {:.0f}%", std::floor(done * 100));
    text += "  ·  " + time_text(waited) + " so far";
    if (done > 0.02 && waited > 1) text += "  ·  " + time_text(waited * (1 - done) / done) + " left";
    ImGui::SetCursorScreenPos({at.x + 2 * s, at.y + 4 * s});
    label(ui, text, ui.theme.secondary, 13, Font::ui, width - 110 * s);
    ImGui::SetCursorScreenPos({at.x + width - 100 * s, at.y});
    if (button(ui, "cancel_run", "Cancel", ButtonKind::plain, 100 * s, "Stop here and keep what there is (Esc)", 26 * s))
        act.runs().cancel();
    note_place(state, "Cancel");
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float y = at.y + 31 * s;
    list.AddRectFilled({at.x, y}, {at.x + width, y + 3 * s}, ui.color(ui.theme.line), 1.5f * s);
    if (done > 0)
        list.AddRectFilled({at.x, y}, {at.x + width * static_cast<float>(done), y + 3 * s}, ui.color(ui.theme.accent),
                           1.5f * s);
    ImGui::SetCursorScreenPos({at.x, at.y + 42 * s});
}

void banners(const Ui& ui, AppState& state, Controller& act) {
    run_progress(ui, state, act);
    for (std::size_t i = 0; i < (state.document.comparing ? 2u : 1u); ++i) {
        Side& side = state.document.sides[i];
        if (side.problem && !side.running)
            banner_line(ui, state, "problem", {side_mark(state, i) + side.problem->line(), ui.theme.broken, "", false});
        if (!side.cancelled) continue;
        const std::string what =
            side.partial() ? fmt::format("Partial: cancelled at {:.0f}% of this run", std::floor(side.shown.progress * 100))
                           : std::string("Cancelled before there was anything to show: the picture is from the previous run");
        ImGui::PushID(static_cast<int>(i));
        if (banner_line(ui, state, "cancelled", {side_mark(state, i) + what, ui.theme.selection, "Run again", false}) ==
            Answer::action)
            act.runs().submit(i);
        ImGui::PopID();
    }
    if (state.banner) {
        const BannerLine line{state.banner->text, state.banner->error ? ui.theme.broken : ui.theme.accent, "", true};
        if (banner_line(ui, state, "banner", line) == Answer::dismiss) act.messages().dismiss();
    }
    note_lines(ui, state);
}

}  // namespace saccade
