#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "base/utf8.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

bool is_forced(const Exhibit& e, const ParamSpec& spec) {
    return spec.name == e.forced_param;
}

/// What the model wrote, in the field by which it can be forced; quietly where that is typed in, or what was written is not the
/// answer to what stands above it.
void show_written(const Ui& ui, const std::string& written, bool quiet, ImVec2 low, ImVec2 high) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({low.x + 12 * s, low.y + 7 * s});
    label(ui, written, quiet ? ui.theme.faint : ui.theme.text, 18, Font::ui, high.x - low.x - 24 * s);
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
    const bool narrow = ImGui::GetContentRegionAvail().x < 340 * s;  // the field needs the room
    const float button_room = narrow ? 40 * s : 128 * s;
    const float side = examples || (is_forced(e, spec) && (forced || !narrow)) ? button_room : 0;
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
    note_place(state, spec.name);
    if (active) ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(ui.theme.accent), 8 * s);
    ImGui::PopStyleVar();
    if (!written.empty() && text.empty()) show_written(ui, written, active || is_dimmed(state.document.side()), low, high);
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
        if (button(ui, ("examples_" + spec.name).c_str(), narrow ? "▾" : "Example ▾", ButtonKind::plain, button_room,
                   "Inputs worth a look", field_height))
            ImGui::OpenPopup(("menu_" + spec.name).c_str());
        note_place(state, "examples " + spec.name);
        if (ImGui::BeginPopup(("menu_" + spec.name).c_str())) {
            for (const std::string& example : spec.examples) {
                ui.fonts.need(example);
                if (ImGui::Selectable(example.c_str())) act.inputs().set_example(spec.name, example);
                note_place(state, spec.name + "=" + example);
            }
            ImGui::EndPopup();
        }
    } else if (is_forced(e, spec)) {
        ImGui::SetCursorScreenPos({high.x + 12 * s, row.y});
        if (forced) {
            if (button(ui, "free", narrow ? "×" : "Decode freely", ButtonKind::plain, button_room,
                       "Let the decoder choose its output", field_height)) {
                act.inputs().set_param(spec.name, std::string());
                state.document.reload_fields = true;
            }
        } else if (!narrow) {
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
};

constexpr float line_height = 28;

void banner_line(const Ui& ui, AppState& state, int id, const BannerLine& line, float width) {
    const float s = ui.s, height = line_height * s;
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
    // The action stands whole as long as there is room: what is said gives way, and its whole is in the tooltip.
    const float action =
        line.action.empty() ? 0 : std::clamp(button_width(ui, line.action), 110 * s, std::max(110 * s, width / 2));
    const float close = line.close ? 36 * s : 0;
    ImGui::SetCursorScreenPos({at.x + 14 * s, at.y + 6 * s});
    label(ui, line.text, ui.theme.text, 13, Font::ui, width - 28 * s - action - close);
    if (action > 0) {
        ImGui::SetCursorScreenPos({at.x + width - action - close - 2 * s, at.y + 2 * s});
        if (button(ui, "action", fitted(ui, line.action, 15, Font::ui, action - 24 * s), ButtonKind::plain, action, line.tip,
                   24 * s))
            line.act();
        note_place(state, line.place.empty() ? line.action : line.place);
    }
    if (line.close) {
        ImGui::SetCursorScreenPos({at.x + width - 34 * s, at.y + 2 * s});
        if (button(ui, "close", "×", ButtonKind::quiet, 28 * s, "Dismiss", 24 * s)) line.close();
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
            const std::string text = note.text + (note.hint.empty() ? "" : ": " + note.hint);
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
    std::string text = "Computing";
    if (done > 0) text += fmt::format("  {:.0f}%", std::floor(done * 100));
    text += "  ·  " + time_text(waited) + " so far";
    if (done > 0.02 && waited > 1) text += "  ·  " + time_text(waited * (1 - done) / done) + " left";
    lines.push_back(
        {text, ui.theme.accent, "Cancel", [&act] { act.runs().cancel(); }, {}, done, "Stop here and keep what there is (Esc)"});
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

namespace {

/// As the inspector calls it.
std::string model_title(const Exhibit& e, const std::string& choice) {
    for (const ParamSpec& spec : e.params)
        for (std::size_t i = 0; spec.name == "model" && i < spec.choices.size() && i < spec.choice_titles.size(); ++i)
            if (spec.choices[i] == choice) return spec.choice_titles[i];
    return choice;
}

/// All there is to say, what matters most first.
std::vector<BannerLine> lines_of(const Ui& ui, AppState& state, Controller& act) {
    std::vector<BannerLine> lines;
    add_progress(ui, state, act, lines);
    for (std::size_t i = 0; i < (state.document.comparing ? 2u : 1u); ++i) {
        const Side& side = state.document.sides[i];
        if (side.problem && !side.running) lines.push_back({side_mark(state, i) + side.problem->line(), ui.theme.broken});
        if (!side.cancelled) continue;
        const std::string what =
            side.partial() ? fmt::format("Partial: cancelled at {:.0f}% of this run", std::floor(side.shown.progress * 100))
                           : std::string("Cancelled before there was anything to show: the picture is from the previous run");
        lines.push_back({side_mark(state, i) + what, ui.theme.selection, "Run again", [&act, i] { act.runs().submit(i); }});
    }
    if (!state.document.matrix.problem.empty()) lines.push_back({state.document.matrix.problem, ui.theme.broken});
    if (state.banner)
        lines.push_back({state.banner->text, state.banner->error ? ui.theme.broken : ui.theme.accent, {}, {}, [&act] {
                             act.messages().dismiss();
                         }});
    if (const auto offered = act.inputs().offered_model(); offered && !state.document.side().problem) {
        // What is wrong first, and whose name must not be lost on the button.
        const std::string title = model_title(state.document.exhibit(), *offered);
        lines.push_back({"Characters that this model does not know: " + title + " knows more of them", ui.theme.selection,
                         "Switch to " + title, [&act, model = *offered] { act.inputs().set_model(model); }});
        lines.back().tip = "Another model knows more of these characters: " + title;
        lines.back().place = "Switch model";
    }
    add_notes(ui, state, lines);
    return lines;
}

}  // namespace

/// One line, always there, so that nothing that is said moves the stage; what is more opens below it. Where nothing is to be
/// said it says what the exhibit shows.
void banners(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const std::vector<BannerLine> lines = lines_of(ui, state, act);
    if (lines.empty()) {
        ImGui::SetCursorScreenPos({at.x, at.y + 4 * s});
        label(ui, state.document.exhibit().summary, ui.theme.faint, 13, Font::ui, width);
    } else {
        const float more = lines.size() > 1 ? 92 * s : 0;
        banner_line(ui, state, 0, lines.front(), width - more);
        if (more > 0) {
            ImGui::SetCursorScreenPos({at.x + width - more + 8 * s, at.y + 2 * s});
            if (button(ui, "more lines", fmt::format("{} more ▾", lines.size() - 1), ButtonKind::plain, more - 8 * s,
                       "What else there is to say", 24 * s))
                ImGui::OpenPopup("lines");
            note_place(state, "more lines");
            ImGui::SetNextWindowPos({at.x, at.y + (line_height + 4) * s});
            if (ImGui::BeginPopup("lines")) {
                for (std::size_t i = 1; i < lines.size(); ++i)
                    banner_line(ui, state, static_cast<int>(i), lines[i], width - 24 * s);
                ImGui::Dummy({width - 24 * s, 1});
                ImGui::EndPopup();
            }
        }
    }
    ImGui::SetCursorScreenPos({at.x, at.y + (line_height + 8) * s});
}

}  // namespace saccade
