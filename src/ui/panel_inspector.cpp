#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/translate.hpp"
#include "run/finding.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panel_view_options.hpp"
#include "ui/panels.hpp"
#include "ui/text_wrap.hpp"
#include "viz/layout.hpp"
#include "viz/view.hpp"

namespace saccade {

namespace {

/// A formula with real subscripts, wrapped between its parts; operands can be clicked. Returns the operand that was.
std::optional<CellRef> formula(const Ui& ui, const std::vector<ExplainedPart>& parts, float left, float right, int id) {
    std::optional<CellRef> clicked;
    const float s = ui.s;
    ImFont* font = ui.fonts.face(Font::mono, 14);
    const float line_height = 24 * s;
    ImVec2 at(left, ImGui::GetCursorScreenPos().y);
    const auto width_of = [&](const ExplainedPart& part) {
        const float size =
            part.kind == ExplainedPart::Kind::subscript ? ui.fonts.imgui_size(Font::mono, 10.5) : compat::font_size(*font);
        ui.fonts.need(part.text);
        return font->CalcTextSizeA(size, 1e9f, 0, ui.fonts.shown(part.text).c_str()).x;
    };
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const ExplainedPart& part = parts[i];
        const std::string shown = ui.fonts.shown(part.text);
        float width = width_of(part);
        // A symbol and its subscript stay together.
        const float together =
            width + (i + 1 < parts.size() && parts[i + 1].kind == ExplainedPart::Kind::subscript ? width_of(parts[i + 1]) : 0);
        if (part.kind != ExplainedPart::Kind::subscript && at.x + together > right && at.x > left)
            at = {left + 14 * s, at.y + line_height};
        const bool subscript = part.kind == ExplainedPart::Kind::subscript;
        Color color = part.kind == ExplainedPart::Kind::number ? ui.theme.selection : ui.theme.text;
        if (part.kind == ExplainedPart::Kind::operand) {
            ImGui::SetCursorScreenPos(at);
            if (ImGui::InvisibleButton(fmt::format("part{}_{}", id, i).c_str(), {std::max(4.0f, width), line_height}))
                clicked = part.ref;
            ui.stop();
            color = ImGui::IsItemHovered() || ImGui::IsItemFocused() ? ui.theme.selection : ui.theme.accent;
            if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
        }
        text_at(ui, font, subscript ? ui.fonts.imgui_size(Font::mono, 10.5) : compat::font_size(*font),
                {at.x, at.y + (subscript ? 6 * s : 1 * s)}, color, shown);
        at.x += width;
    }
    ImGui::SetCursorScreenPos({left, at.y + line_height});
    return clicked;
}

void trail(const Ui& ui, AppState& state, Controller& act) {
    if (state.document.stage.explained.size() < 2) return;
    for (std::size_t i = 0; i + 1 < state.document.stage.explained.size(); ++i) {
        if (button(ui, fmt::format("trail{}", i).c_str(), "‹ " + state.document.stage.explained[i].tensor, ButtonKind::quiet, 0,
                   tr("Back to this cell"))) {
            act.stage().back_to(i);
            return;
        }
    }
}

void operand_rows(const Ui& ui, AppState& state, Controller& act, float left, float right) {
    static_cast<void>(state);
    const std::vector<Explanation::Operand> operands = state.document.stage.explanation->operands;
    const float s = ui.s;
    for (std::size_t i = 0; i < operands.size(); ++i) {
        const Explanation::Operand& operand = operands[i];
        const ImVec2 at(left, ImGui::GetCursorScreenPos().y);
        ImGui::SetCursorScreenPos(at);
        const bool open = ImGui::InvisibleButton(fmt::format("operand{}", i).c_str(), {right - left, 22 * s});
        ui.stop();
        const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused();
        const Color color = lit ? ui.theme.selection : ui.theme.secondary;
        ImFont* font = ui.fonts.face(Font::mono, 14);
        const std::string value = operand.shape.empty() ? value_text(operand.value) + " ›" : operand.shape + " ›";
        ui.fonts.need(operand.text);
        const std::string text = ui.fonts.shown(fitted(ui, operand.text, 14, Font::mono, right - left - 120 * s));
        text_at(ui, font, compat::font_size(*font), {at.x, at.y + 2 * s}, color, text);
        const float width = font->CalcTextSizeA(compat::font_size(*font), 1e9f, 0, value.c_str()).x;
        text_at(ui, font, compat::font_size(*font), {right - width, at.y + 2 * s}, color, value);
        if (lit) tooltip(ui, operand.ref.tensor);
        if (open) return act.stage().open_operand(operand.ref);
    }
}

void claim_row(const Ui& ui, const Claim& claim) {
    label(ui, claim.holds ? "✓" : "✗", claim.holds ? ui.theme.holds : ui.theme.broken, 13);
    ImGui::SameLine(0, 6 * ui.s);
    label(ui, tr_composed(claim.text), ui.theme.secondary, 13, Font::ui, ImGui::GetContentRegionAvail().x - 56 * ui.s);
    ImGui::SameLine(0, 8 * ui.s);
    label(ui, claim.by_hand ? tr("by hand") : claim.error == 0 ? "0" : fmt::format("{:.0e}", claim.error), ui.theme.faint, 13);
    if (ImGui::IsItemHovered())
        tooltip(ui, tr("{}: {}: {}, {} changed by hand", claim.tensor, tr(verdict(claim)),
                       tr_composed(found_against_claimed(claim)), claim.edited));
}

/// What is broken stands open; what holds beyond the attention itself is folded into one line.
void claims(const Ui& ui, AppState& state) {
    if (state.document.side().claims.empty()) return;
    heading(ui, tr("Claims, checked on this run"));
    const auto holding = std::count_if(state.document.side().claims.begin(), state.document.side().claims.end(),
                                       [](const Claim& c) { return c.holds; });
    for (const Claim& claim : state.document.side().claims) {
        const TraceTensor* tensor = state.document.trace() != nullptr ? state.document.trace()->find(claim.tensor) : nullptr;
        const Role role = tensor != nullptr ? tensor->info.role : Role::state;
        const bool attention = role == Role::weights || role == Role::scores || role == Role::context;
        if (attention || !claim.holds || state.all_claims) claim_row(ui, claim);
    }
    const std::vector<Claim>& all = state.document.side().claims;
    const auto by_hand = std::ranges::count(all, true, &Claim::by_hand);
    const auto unchecked = state.document.trace() != nullptr ? unchecked_formulas(*state.document.trace()).size() : 0;
    std::string summary = tr("{} of {} formulas hold", holding, all.size());
    if (by_hand > 0) summary += tr(", {} broken by hand", by_hand);
    if (unchecked > 0) summary += tr("; {} without a rule", unchecked);
    std::string tip = tr("Each formula of the model, computed again in a sample of its cells from what was recorded");
    if (unchecked > 0) {
        tip += "\n" + tr("Nothing checks:");
        for (const Step* step : unchecked_formulas(*state.document.trace()))
            tip += fmt::format("\n{}: {}", step->result, step->formula);
    }
    // In as many lines as it needs beside the paddings of a button.
    const ScreenTextMeasure measure(ui.fonts);
    const double room = static_cast<double>(ImGui::GetContentRegionAvail().x / ui.s) - 24;
    std::string text;
    for (const std::string& line : wrapped(summary + (state.all_claims ? " ▴" : " ▾"), room,
                                           [&](const std::string& t) { return measure.width(t, 15, Font::ui); }))
        text += (text.empty() ? "" : "\n") + line;
    if (button(ui, "all_claims", text, ButtonKind::quiet, 0, tip)) state.all_claims = !state.all_claims;
    note_place(state, "all claims");
}

}  // namespace

void explained_cell(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    if (!state.document.stage.explanation) {
        heading(ui, tr("Explained cell"));
        paragraph(ui, tr("Click a cell in any view: here it shows where its number comes from, down to the input."),
                  ui.theme.faint);
        return;
    }
    const Explanation e = *state.document.stage.explanation;
    ImGui::Dummy({0, 4 * s});
    if (act.stage().take_chosen()) {
        // Only where it would be hidden: the settings stay where they are, if they can.
        const float room = ImGui::GetWindowHeight(), at = ImGui::GetCursorPosY() - ImGui::GetScrollY();
        if (at < 0 || at > 0.6f * room) ImGui::SetScrollHereY(0.35f);
    }
    paragraph(ui, tr_composed(e.title), ui.theme.secondary);
    if (state.document.stage.explains_masked)
        paragraph(ui, tr("masked: not to be looked at, whatever its score"), ui.theme.text);
    trail(ui, state, act);
    if (!state.document.stage.explanation) return;
    // The ground is drawn behind what it holds, once its height is known.
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x;
    const float left = at.x + 12 * s;
    const float right = at.x + width - 12 * s;
    list.ChannelsSplit(2);
    list.ChannelsSetCurrent(1);
    ImGui::SetCursorScreenPos({left, at.y + 8 * s});
    std::optional<CellRef> clicked;
    if (!e.formula.empty()) {
        ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + right - left);
        const std::string shown = tr_composed(e.formula);
        ui.fonts.need(shown);
        ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(ui.theme.secondary));
        ImGui::PushFont(ui.fonts.face(Font::ui, 13));
        ImGui::TextUnformatted(shown.c_str());
        ImGui::PopFont();
        ImGui::PopStyleColor();
        ImGui::PopTextWrapPos();
    }
    if (!e.equation.empty()) clicked = formula(ui, e.equation, left, right, 0);
    if (!e.has_rule && e.equation.empty() && e.terms.empty()) {
        ImGui::SetCursorScreenPos({left, ImGui::GetCursorScreenPos().y});
        label(ui, fmt::format("{:.6g}", e.recorded), ui.theme.selection, 14, Font::mono);
    }
    if (!e.numbers.empty()) {
        const auto number = formula(ui, e.numbers, left, right, 1);
        if (number) clicked = number;
    }
    operand_rows(ui, state, act, left, right);
    if (!e.source.empty()) {
        ImGui::SetCursorScreenPos({left, ImGui::GetCursorScreenPos().y});
        label(ui, tr_composed(e.source), ui.theme.faint, 13, Font::ui, right - left);
    }
    const float bottom = ImGui::GetCursorScreenPos().y + 4 * s;
    list.ChannelsSetCurrent(0);
    list.AddRectFilled(at, {at.x + width, bottom}, ui.color(ui.theme.background), 8 * s);
    list.ChannelsMerge();
    ImGui::SetCursorScreenPos({at.x, bottom + 8 * s});
    if (!e.edited.empty()) paragraph(ui, tr_composed(e.edited), ui.theme.selection);
    if (e.terms.size() > 1) {
        const ImVec2 low = ImGui::GetCursorScreenPos();
        spark_bars(ui, e.terms, low, {width, 60 * s});
        ImGui::SetCursorScreenPos({low.x, low.y + 66 * s});
        paragraph(ui, tr_composed(e.terms_title), ui.theme.faint);
    }
    if (clicked) act.stage().open_operand(*clicked);
}

namespace {

/// Which model computes, as far as no parameter of that name says it.
void model_lines(const Ui& ui, AppState& state, Controller& act, const Exhibit& e) {
    if (e.models.empty()) return;
    const Side& side = state.document.side();
    const bool has_param =
        std::any_of(e.params.begin(), e.params.end(), [](const ParamSpec& spec) { return spec.name == "model"; });
    std::string title = side.request.weights_path;
    if (side.request.model) title = tr("in training");
    if (title.empty() && has_param) return;
    if (title.empty()) {
        try {
            const std::string id = model_of(e, side.request.params);
            if (id.empty()) return;  // a field says which
            title = tr(bundled_model(id)->card.title(id));
        } catch (const Error&) {
            title = tr("none for these settings");  // the banner says why
        }
    }
    label(ui, has_param ? tr("Weights") : tr("Model"), ui.theme.secondary, 13);
    paragraph(ui, title, ui.theme.text, 15);
    if (!side.request.weights_path.empty() && button(ui, "bundled", tr("Bundled model again"))) act.inputs().set_weights({});
}

/// A | B, and what of the inspector is shown.
void tabs(const Ui& ui, AppState& state, Controller& act, const Exhibit& e) {
    if (!e.lesson.empty()) {
        const int clicked = segments(ui, "tabs", {tr("Inspect"), tr("Lesson")}, state.view.lesson ? 1 : 0,
                                     {tr("Settings, the explained cell, interventions, claims"),
                                      tr("What to try and what to see; its claims are checked on this run")},
                                     [&](int i) { note_place(state, i == 0 ? "tab inspect" : "tab lesson"); });
        if (clicked >= 0) state.view.lesson = clicked == 1;
    }
    if (!state.document.comparing) return;
    if (!e.lesson.empty()) ImGui::SameLine(0, 20 * ui.s);
    const int side =
        segments(ui, "sides", {"A", "B"}, static_cast<int>(state.document.focus), {tr("Settings of A"), tr("Settings of B")});
    if (side >= 0) act.comparison().focus_on(static_cast<std::size_t>(side));
}

}  // namespace

void inspector(const Ui& ui, AppState& state, Controller& act, const Layout& layout) {
    if (layout.inspector.size.x <= 0) return;
    const Theme& t = ui.theme;
    const float s = ui.s;
    const Exhibit& e = state.document.exhibit();
    // Each lesson, and the settings of each exhibit, stand where they were left: at first at their top.
    const bool lesson = state.view.lesson && !e.lesson.empty();
    const ImVec2 all = layout.inspector.size;
    const float bar = lesson ? std::min(edit_lesson_bar_height(ui, state, act, all.x), all.y / 2) : 0;
    begin_panel(ui, ((lesson ? "lesson of " : "inspector of ") + e.id).c_str(), layout.inspector.at, {all.x, all.y - bar},
                t.panel, {16 * s, 12 * s});
    state.inspector_scroll = ImGui::GetScrollY();
    const ImVec2 low = layout.inspector.at, high = {low.x + layout.inspector.size.x, low.y + layout.inspector.size.y};
    edge(ui, low, {low.x, high.y});
    tabs(ui, state, act, e);
    ImGui::Dummy({0, 2 * s});
    if (lesson) {
        lesson_panel(ui, state, act);
        end_panel();
        if (bar > 0) edit_lesson_bar(ui, state, act, {{low.x, high.y - bar}, {all.x, bar}});
        return;
    }
    ImGui::PushID(static_cast<int>(state.document.focus));  // a field that is typed in stays with its side
    model_lines(ui, state, act, e);
    params_panel(ui, state, act);
    if (state.document.training.run) training_panel(ui, state, act);
    const ViewOptions before = state.document.options;
    draw_view_options(ui, state);
    if (!joins_alike(before, state.document.options)) act.stage().leave_joined();
    if (act.lesson().covered()) {
        paragraph(ui, tr("What a row holds is covered until the lesson's question is answered."), ui.theme.selection, 15);
    } else {
        class_bars(ui, state, act);
        explained_cell(ui, state, act);
        hand_panel(ui, state, act);
        claims(ui, state);
    }
    if (!e.training_task.empty() && !state.document.training.run) {
        ImGui::Dummy({0, 6 * s});
        training_panel(ui, state, act);
    }
    ImGui::PopID();
    end_panel();
}

}  // namespace saccade
