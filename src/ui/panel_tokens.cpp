#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/attention.hpp"
#include "base/translate.hpp"
#include "exhibit/opening.hpp"
#include "exhibit/token_row.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

constexpr double chip_text = 15;  // logical px
constexpr float chip_height = 28, chip_gap = 6, chip_inset = 9, least_chip = 26,
                chip_turn = 26;  // the same; `chip_turn`: a button at an end

/// Tokens as chips in one line: which of them are seen.
class Chips {
 public:
    Chips(const Ui& ui, const Axis& axis, float room) : ui_(ui), axis_(axis), measure_(ui.fonts), room_(room) {}

    float width(Index i) const {
        const std::string text = drawn_label(axis_, i);
        ui_.fonts.need(text);
        return std::max(least_chip, static_cast<float>(measure_.width(text, chip_text, Font::ui)) + 2 * chip_inset) * ui_.s;
    }
    /// Behind the last that is seen, if this one is the first.
    Index end_from(Index first) const {
        float left = room_;
        Index i = first;
        for (; i < axis_.extent; ++i) {
            left -= width(i) + (i > first ? chip_gap * ui_.s : 0);
            if (left < 0) break;
        }
        return std::max(i, std::min(first + 1, axis_.extent));
    }
    /// The first that is seen, if this one is the last.
    Index first_to(Index last) const {
        float left = room_ - width(last);
        Index i = last;
        while (i > 0 && (left -= width(i - 1) + chip_gap * ui_.s) >= 0) --i;
        return i;
    }

 private:
    const Ui& ui_;
    const Axis& axis_;
    ScreenTextMeasure measure_;
    float room_;
};

/// What is known of the tokens beside their texts; null where a run does not say it.
struct TokenFacts {
    const TraceTensor *coverable, *written;

    int cover(Index i) const { return coverable == nullptr ? 0 : static_cast<int>(coverable->values.at({i})); }
    bool by_model(Index i) const { return written != nullptr && written->values.at({i}) > 0; }
};

/// Of tensors over these tokens alone.
const TraceTensor* tensor_over(const Trace& trace, const std::string& name, const AxisPtr& tokens) {
    const TraceTensor* found = trace.find(name);
    return found != nullptr && found->info.axes.size() == 1 && found->info.axes.front() == tokens ? found : nullptr;
}

std::string chip_told(const Axis& axis, const TokenFacts& facts, Index i) {
    std::string text = tr("{} {} of {}: {}", tr(short_name(axis)), i + 1, axis.extent, drawn_label(axis, i));
    if (facts.by_model(i)) text += "\n" + tr("written by the model");
    text += "\n" + tr("click: what it attends to");
    if (facts.cover(i) == 1) text += tr("; it is masked, and the model says what stands there");
    if (facts.cover(i) == 2) text += tr("; it is read again");
    return text;
}

/// Selects the token, and picks what can be picked on it; where the model fills gaps it is covered, or uncovered: one edit.
void press_chip(AppState& state, Controller& act, const TraceTensor& attention, const AxisPtr& axis, const TokenFacts& facts,
                Index i) {
    const Trace& trace = *state.document.trace();
    const Exhibit& e = state.document.exhibit();
    act.stage().select_token(attention, i);
    for (const Pick& pick : e.picks) {
        const TraceTensor* tensor = tensor_over(trace, pick.tensor, axis);
        if (tensor == nullptr) continue;
        const ParamValue picked = static_cast<std::int64_t>(std::lround(tensor->values.at({i})));
        if (facts.coverable == nullptr) return act.inputs().set_param(pick.param, picked);
        act.inputs().press(pick.param, picked);
        return act.inputs().set_everywhere(token_row_of(e)->cover, facts.cover(i) == 1, false);
    }
}

/// One token, at the cursor.
void token_chip(const Ui& ui, AppState& state, Controller& act, const TraceTensor& attention, const AxisPtr& axis,
                const TokenFacts& facts, Index i, float width) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos(), high(at.x + width, at.y + chip_height * s);
    const bool clicked = ImGui::InvisibleButton(fmt::format("token{}", i).c_str(), {width, chip_height * s});
    note_place(state, fmt::format("token {}", i + 1));
    const bool hovered = ImGui::IsItemHovered();
    const StageState& stage = state.document.stage;
    const bool selected = stage.selected.on(axis) == i, lit = stage.hovered.on(axis) == i;
    const Theme& t = ui.theme;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool covered = facts.cover(i) == 2;
    list.AddRectFilled(at, high, ui.color(covered ? mix(t.panel, t.selection, 0.2) : t.raised), 6 * s);
    if (selected || lit)
        list.AddRect({at.x + s, at.y + s}, {high.x - s, high.y - s}, ui.color(selected ? t.selection : t.accent), 6 * s,
                     ImDrawFlags_None, (selected ? 2.0f : 1.5f) * s);
    ImGui::SetCursorScreenPos({at.x + chip_inset * s, at.y + 4 * s});
    label(ui, drawn_label(*axis, i), selected || covered ? t.selection : facts.by_model(i) ? t.accent : t.text, chip_text);
    if (hovered) {
        state.pointed = true;
        CellRef row{attention.info.name, std::vector<Index>(attention.info.axes.size(), -1)};
        row.index[static_cast<std::size_t>(attention_axes(attention)->query)] = i;
        act.stage().hover(row);
        tooltip(ui, chip_told(*axis, facts, i));
    }
    if (clicked) press_chip(state, act, attention, axis, facts, i);
}

/// Where the line begins: at what was selected last, or where a hand turned it.
void turn_to(AppState& state, const Chips& chips, Index selected, Index n) {
    TokenRowShown& shown = state.tokens;
    shown.first = std::clamp<Index>(shown.first, 0, n - 1);
    if (selected >= 0 && selected < n && selected != shown.followed) {
        if (selected < shown.first) shown.first = selected;
        if (selected >= chips.end_from(shown.first)) shown.first = chips.first_to(selected);
    }
    shown.followed = selected;
    if (chips.end_from(shown.first) >= n) shown.first = chips.first_to(n - 1);  // no empty end
}

bool turn_button(const Ui& ui, AppState& state, const char* name, const char* text, ImVec2 at) {
    ImGui::SetCursorScreenPos(at);
    const bool pressed = button(ui, name, text, ButtonKind::quiet, chip_turn * ui.s,
                                tr("More tokens (the wheel turns to them, too)"), chip_height * ui.s);
    note_place(state, name);
    return pressed;
}

/// The tokens that have room, from left to right.
void chips_row(const Ui& ui, AppState& state, Controller& act, const TraceTensor& attention, const AxisPtr& axis, ImVec2 at,
               float width) {
    const float s = ui.s;
    const Index n = axis->extent;
    const bool all = Chips(ui, *axis, width).end_from(0) >= n;
    const float from = at.x + (all ? 0 : chip_turn * s), room = width - (all ? 0 : 2 * chip_turn * s);
    const Chips chips(ui, *axis, room);
    turn_to(state, chips, state.document.stage.selected.on(axis).value_or(-1), n);
    const Trace& trace = *state.document.trace();
    const TokenFacts facts{tensor_over(trace, token_row_of(state.document.exhibit())->coverable, axis),
                           tensor_over(trace, axis->name + ".written", axis)};
    const Index first = state.tokens.first, end = chips.end_from(first);
    float x = from;
    for (Index i = first; i < end && state.document.trace() == &trace; ++i) {
        const float wide = std::min(chips.width(i), room);
        ImGui::SetCursorScreenPos({x, at.y});
        token_chip(ui, state, act, attention, axis, facts, i, wide);
        x += wide + chip_gap * s;
    }
    if (all) return;
    const bool over_row = ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(at, {at.x + width, at.y + chip_height * s});
    const float wheel = over_row ? ImGui::GetIO().MouseWheel : 0;
    if (first > 0 && (turn_button(ui, state, "tokens before", "‹", at) || wheel > 0))
        state.tokens.first = wheel > 0 ? std::max<Index>(first - 2, 0) : chips.first_to(first - 1);
    if (end < n && (turn_button(ui, state, "tokens after", "›", {at.x + width - chip_turn * s, at.y}) || wheel < 0))
        state.tokens.first = wheel < 0 ? first + 2 : end;
}

}  // namespace

void token_row(const Ui& ui, AppState& state, Controller& act, float title_width) {
    const Exhibit& e = state.document.exhibit();
    const Side& side = state.document.side();
    if (token_row_of(e) == nullptr || side.trace() == nullptr) return;
    const TracePtr kept = side.shown.trace;  // a click may ask for another run
    const TraceTensor* attention = shown_attention(e, side.shown.request.params, *kept);
    if (attention == nullptr) return;
    const AxisPtr axis = attention->info.axes[static_cast<std::size_t>(attention_axes(*attention)->query)];
    if (axis->extent == 0) return;
    const float s = ui.s;
    const ImVec2 row = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x - title_width;
    ImGui::SetCursorScreenPos({row.x, row.y + 4 * s});
    label(ui, tr("Tokens"), ui.theme.secondary, 15, Font::ui, title_width - 10 * s);
    if (ImGui::IsItemHovered()) tooltip(ui, tr("{} tokens, as the model's tokenizer cuts the text", axis->extent));
    if (width > 100 * s) chips_row(ui, state, act, *attention, axis, {row.x + title_width, row.y}, width);
    ImGui::SetCursorScreenPos({row.x, row.y + (chip_height + 10) * s});
}

}  // namespace saccade
