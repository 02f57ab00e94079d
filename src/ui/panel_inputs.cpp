#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "exhibit/output_words.hpp"
#include "exhibit/param_use.hpp"
#include "trace/untouched.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/param_widgets.hpp"
#include "ui/path_field.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

bool is_forced(const Exhibit& e, const ParamSpec& spec) {
    return spec.name == e.forced_param;
}

/// What the run says; empty: nothing.
std::string output_of(const Exhibit& e, const Trace& trace, const std::string& text) {
    const auto found = trace.texts().find(text);
    return found == trace.texts().end() ? std::string() : output_in_language(e, in_one_line(found->second));
}

/// What the model wrote, and before it, struck out, what it would have written if nothing were changed by hand, where that is
/// something else. Of 18 px, or smaller where there is no room for that.
void output_text(const Ui& ui, AppState& state, const std::string& was, const std::string& is, bool quiet, float room) {
    ImVec2 at = ImGui::GetCursorScreenPos();
    float x = at.x;
    double size = 18;
    if (!was.empty()) {
        const ScreenTextMeasure measure(ui.fonts);
        const float s = ui.s, gap = 14 * s;
        ui.fonts.need(was + is);
        const auto width = [&](const std::string& text) { return static_cast<float>(measure.width(text, size, Font::ui)) * s; };
        if (width(was) + gap + width(is) > room) {
            at.y += static_cast<float>(ui.fonts.ascent(Font::ui) * (size - 15)) * s;  // on the same baseline
            size = 15;
            ImGui::SetCursorScreenPos(at);
        }
        const float whole = width(is);
        // What it writes now comes first where there is no room for both.
        const float left = std::max(room - whole - gap, room * 0.35f);
        label(ui, was, ui.theme.secondary, size, Font::ui, left);
        const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
        const float y = low.y + (high.y - low.y) * 0.54f;
        ImGui::GetWindowDrawList()->AddLine({low.x, y}, {high.x, y}, ui.color(ui.theme.secondary), 1.5f * s);
        if (ImGui::IsItemHovered()) tooltip(ui, tr("Without what was changed by hand:") + "\n" + was);
        state.places["output before"] = {low.x, low.y, high.x - low.x, high.y - low.y};
        x = high.x + gap;
        ImGui::SetCursorScreenPos({x, at.y});
    }
    const bool changed = x > at.x;
    label(ui, is, quiet ? ui.theme.faint : changed ? ui.theme.selection : ui.theme.text, size, Font::ui, at.x + room - x);
    if (changed && ImGui::IsItemHovered()) tooltip(ui, is);
}

/// What the model wrote, in the field by which it can be forced; quietly where that is typed in, or what was written is not the
/// answer to what stands above it.
void show_written(const Ui& ui, AppState& state, const std::string& was, const std::string& written, bool quiet, ImVec2 low,
                  ImVec2 high) {
    const float s = ui.s;
    ImGui::SetCursorScreenPos({low.x + 12 * s, low.y + 7 * s});
    output_text(ui, state, was, written, quiet, high.x - low.x - 24 * s);
    const float from = ImGui::GetItemRectMax().x + 12 * s;
    if (high.x - from < 80 * s) return;
    const double drop = ui.fonts.ascent(Font::ui) * (18 - 15);  // one baseline
    ImGui::SetCursorScreenPos({from, low.y + (7 + static_cast<float>(drop)) * s});
    label(ui, tr("free · click to force your own"), ui.theme.faint, 15, Font::ui, high.x - from - 12 * s);
}

/// The button beside a field that sets a number to what it is often wanted to be, and back; null: there is none, or the model
/// does not read that number.
const QuickNumber* quick_of(const Exhibit& e, const ParamSpec& spec, const Params& params) {
    const auto found = std::ranges::find(e.quick, spec.name, &QuickNumber::beside);
    return found == e.quick.end() || is_of_other_models(e, found->param, params) ? nullptr : &*found;
}

void quick_button(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const QuickNumber& quick, float width,
                  float height) {
    const auto spec = std::ranges::find(e.params, quick.param, &ParamSpec::name);
    const auto usual = std::get<std::int64_t>(spec->fallback);
    const Params& params = state.document.side().request.params;
    const bool on = (params.has(quick.param) ? params.integer(quick.param) : usual) != usual;
    if (button(ui, ("quick_" + quick.param).c_str(), on ? tr(quick.back) : tr(quick.title), ButtonKind::plain, width,
               tr(spec->help), height))
        act.inputs().press(quick.param, on ? usual : quick.value);
    note_place(state, "quick " + quick.param);
}

/// A text parameter as a field; what the model wrote stands in it, quietly, while it is free.
void text_field(const Ui& ui, AppState& state, Controller& act, const Exhibit& e, const ParamSpec& spec, float title_width) {
    const float s = ui.s;
    const float field_height = compat::font_size(*ui.fonts.face(Font::ui, 19)) + 14 * s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({row.x, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 15))) / 2});
    const std::string unread = why_unread(e, spec.name, state.document.side().request.params);
    label(ui, spec.title, unread.empty() ? ui.theme.secondary : ui.theme.faint, 15, Font::ui, title_width - 10 * s);
    if (!unread.empty() && ImGui::IsItemHovered()) tooltip(ui, tr("Now it changes nothing: it is {}", tr_composed(unread)));
    if (state.document.comparing && !state.document.linked) {
        ImGui::SameLine(0, 6 * s);
        label(ui, state.document.focus == 0 ? "A" : "B", ui.theme.accent, 15);
    }
    ImGui::SetCursorScreenPos({row.x + title_width, row.y});
    const Params& params = state.document.side().request.params;
    PathField path(state, spec, params.has(spec.name) ? params.text(spec.name) : std::get<std::string>(spec.fallback));
    std::string text = path.text();
    const bool examples = !spec.examples.empty();
    const bool forced = is_forced(e, spec) && !text.empty();
    const bool narrow = ImGui::GetContentRegionAvail().x < 340 * s;  // the field needs the room
    const float button_room = narrow ? 40 * s : 128 * s;
    const QuickNumber* quick = narrow ? nullptr : quick_of(e, spec, params);  // the inspector has it, too
    const float quick_room = 92 * s, gap = 12 * s;
    const float side = (examples || (is_forced(e, spec) && (forced || !narrow)) ? button_room + gap : 0) +
                       (quick != nullptr ? quick_room + gap : 0);
    ImGui::SetNextItemWidth(ImGui::GetContentRegionAvail().x - side);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * s, 7 * s));
    // What the model wrote stands in the field while it is free, drawn by hand: a hint has one colour.
    std::string written, was;
    if (is_forced(e, spec) && text.empty() && state.document.trace() != nullptr) {
        written = output_of(e, *state.document.trace(), e.output_text);
        was = output_of(e, *state.document.trace(), untouched_name(e.output_text));
    }
    const std::string hint = written.empty() ? spec.placeholder : std::string();
    const bool changed = text_input(ui, ("##" + spec.name).c_str(), text, hint, Font::ui, 19, state.reload_now);
    const bool active = ImGui::IsItemActive();
    const ImVec2 low = ImGui::GetItemRectMin();
    const ImVec2 high = ImGui::GetItemRectMax();
    note_place(state, spec.name);
    const bool wrong = path.wrong();
    if (active || wrong)
        ImGui::GetWindowDrawList()->AddRect(low, high, ui.color(wrong ? ui.theme.broken : ui.theme.accent), 8 * s);
    ImGui::PopStyleVar();
    const std::optional<std::string> given = path.after(text, changed);
    if (!written.empty() && text.empty())
        show_written(ui, state, was, written, active || is_dimmed(state.document.side()), low, high);
    if (ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(low, high) && !ImGui::GetIO().WantTextInput)
        tooltip(ui, spec.help + (spec.is_path ? "\n" + tr("Enter opens what is typed.") : "") +
                        (unread.empty() ? "" : "\n" + tr("Now it changes nothing: it is {}", tr_composed(unread))));
    ImGui::SetCursorScreenPos({row.x, row.y});
    ImGui::Dummy({high.x - row.x, field_height});
    if (given && spec.is_path)
        act.files().open_path(spec.name, *given);
    else if (given)
        act.inputs().set_param(spec.name, sanitize_utf8(*given));
    if (quick != nullptr) {
        ImGui::SameLine(0, gap);
        quick_button(ui, state, act, e, *quick, quick_room, field_height);
    }
    if (examples) {
        ImGui::SameLine(0, gap);
        if (button(ui, ("examples_" + spec.name).c_str(), narrow ? "▾" : tr("Example ▾"), ButtonKind::plain, button_room,
                   tr("Inputs worth a look"), field_height))
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
            if (button(ui, "free", narrow ? "×" : tr("Decode freely"), ButtonKind::plain, button_room,
                       tr("Let the decoder choose its output"), field_height)) {
                act.inputs().set_param(spec.name, std::string());
                state.document.reload_fields = true;
            }
        } else if (!narrow) {
            ImGui::SetCursorScreenPos(
                {high.x + 12 * s, row.y + (field_height - compat::font_size(*ui.fonts.face(Font::ui, 13))) / 2});
            label(ui, tr("free decoding"), ui.theme.faint, 13);
        }
    }
    ImGui::SetCursorScreenPos({row.x, row.y + field_height + 10 * s});
}

/// What the run says, where no field shows it.
void output_line(const Ui& ui, AppState& state, const Exhibit& e, float title_width) {
    const Trace* trace = state.document.trace();
    if (trace == nullptr) return;
    const std::string said = output_of(e, *trace, e.output_text), was = output_of(e, *trace, untouched_name(e.output_text));
    if (said.empty()) return;
    const float s = ui.s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - title_width - 24 * s;
    label(ui, tr("Output"), ui.theme.secondary, 15, Font::ui, title_width - 10 * s);
    ImGui::SetCursorScreenPos({row.x + title_width + 12 * s, row.y - 3 * s});
    ui.fonts.need(said);
    const ScreenTextMeasure measure(ui.fonts);
    const auto fits = [&](double size) { return static_cast<float>(measure.width(said, size, Font::ui)) * s <= width; };
    if (!was.empty() || fits(18) || fits(15)) {
        if (was.empty())
            label(ui, said, ui.theme.text, fits(18) ? 18 : 15, Font::ui, width);
        else
            output_text(ui, state, was, said, false, width);
        note_place(state, "output line");
        ImGui::SetCursorScreenPos({row.x, row.y + 30 * s});
        return;
    }
    // Two lines of what is long; all of it under the mouse.
    const std::vector<std::string> lines =
        wrapped(said, static_cast<double>(width / s), [&](const std::string& t) { return measure.width(t, 13, Font::ui); });
    std::string rest;
    for (std::size_t i = 1; i < lines.size(); ++i) rest += (i > 1 ? " " : "") + lines[i];
    ImGui::BeginGroup();
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(8 * s, 0));
    label(ui, lines.front(), ui.theme.text, 13);
    label(ui, rest, ui.theme.text, 13, Font::ui, width);
    ImGui::PopStyleVar();
    ImGui::EndGroup();
    note_place(state, "output line");
    if (lines.size() > 2 && ImGui::IsItemHovered()) tooltip(ui, said);
    ImGui::SetCursorScreenPos({row.x, row.y + 42 * s});
}

}  // namespace

void inputs(const Ui& ui, AppState& state, Controller& act) {
    const Exhibit& e = state.document.exhibit();
    const ScreenTextMeasure measure(ui.fonts);
    const Params& params = state.document.side().request.params;
    // What the open model does not read has no field, unless something was typed into it.
    std::vector<const ParamSpec*> fields;
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::text && !spec.aside &&
            ((params.has(spec.name) && !params.text(spec.name).empty()) || !is_of_other_models(e, spec.name, params)))
            fields.push_back(&spec);
    float title_width = 76 * ui.s;
    for (const ParamSpec* spec : fields)
        title_width =
            std::max(title_width, static_cast<float>(measure.width(tr(spec->title), 15, Font::ui)) * ui.s + 16 * ui.s);
    title_width = std::min(title_width, ImGui::GetContentRegionAvail().x * 0.3f);
    if (state.document.comparing && !state.document.linked) title_width += 18 * ui.s;
    for (const ParamSpec& spec : e.params)
        if (spec.type == ParamType::image) picture_row(ui, state, act, e, spec);
    for (const ParamSpec* spec : fields) text_field(ui, state, act, e, in_language(*spec), title_width);
    token_row(ui, state, act, title_width);
    if (e.forced_param.empty()) output_line(ui, state, e, title_width);
}

}  // namespace saccade
