#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/translate.hpp"
#include "exhibit/output_words.hpp"
#include "ui/held.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

/// Buttons side by side, as far as there is room.
class ButtonRow {
 public:
    ButtonRow(const Ui& ui, AppState& state) : ui_(ui), state_(state), row_(ui) {}
    bool operator()(const char* id, const std::string& text, const std::string& tip, ButtonKind kind = ButtonKind::plain) {
        row_.next(button_width(ui_, text));
        const bool clicked = button(ui_, id, text, kind, 0, tip);
        note_place(state_, id);
        return clicked;
    }

 private:
    const Ui& ui_;
    AppState& state_;
    FlowRow row_;
};

void factor_slider(const Ui& ui, AppState& state, Controller& act, const CellRef& block) {
    const float s = ui.s;
    double factor = act.hand().factor_of(block);
    const double before = factor;
    const float width = ImGui::GetContentRegionAvail().x - 70 * s;
    const bool moved = slider(ui, "factor", factor, 0, 2, width);
    note_place(state, "factor");
    ImGui::SameLine(0, 10 * s);
    label(ui, fmt::format("× {:.2f}", factor), before == 1 ? ui.theme.secondary : ui.theme.selection, 14, Font::mono);
    if (!moved) return;
    // The middle is where nothing is changed: it is easy to find again.
    factor = std::round(factor * 50) / 50;
    act.hand().scale_block(block, std::abs(factor - 1) < 0.03 ? 1 : factor);
}

/// From the other side of a comparison: the selected row, its head, or all of the tensor.
void patch_row(const Ui& ui, AppState& state, Controller& act, const TraceTensor& tensor, const CellRef& block,
               const std::string& unit) {
    if (!state.document.comparing) return;
    const std::string other = state.document.focus == 0 ? "B" : "A";
    ImGui::AlignTextToFramePadding();
    label(ui, tr("as in {}", other), ui.theme.secondary, 13);
    ImGui::SameLine(0, 10 * ui.s);
    ButtonRow row(ui, state);
    CellRef line{tensor.info.name, held_cell(state).index};
    line.index.resize(tensor.info.axes.size(), -1);
    line.index.back() = -1;
    const CellRef whole{tensor.info.name, {}};
    const bool in_row = std::any_of(line.index.begin(), line.index.end(), [](Index i) { return i >= 0; });
    const std::string tip = tr("Takes over what the run of {} has there", other);
    if (in_row && !(line == block) && row("patch row", tr("row"), tip)) return act.hand().patch_from_other(line);
    if (row("patch block", unit, tip)) return act.hand().patch_from_other(block);
    if (row("patch all", tr("all"), tip)) return act.hand().patch_from_other(whole);
}

void mask_row(const Ui& ui, AppState& state, Controller& act, const TraceTensor* tensor) {
    const Trace* trace = state.document.trace();
    if (trace == nullptr || trace->with_role(Role::mask).empty()) {
        act.hand().stop_mask_drawing();
        return;
    }
    ButtonRow row(ui, state);
    if (row("draw mask", tr("Draw mask"), tr("Hide keys from queries with the mouse, on weights, scores or the mask itself"),
            state.document.hand.mask.on ? ButtonKind::primary : ButtonKind::plain))
        act.hand().toggle_mask_drawing();
    if (!state.document.hand.mask.on) return;
    const TraceTensor* mask = tensor != nullptr ? mask_of(*trace, *tensor) : nullptr;
    const bool layers = mask != nullptr && mask->info.axes.size() > 2;
    if (layers) {
        ImGui::SameLine(0, 8 * ui.s);
        const int clicked =
            segments(ui, "mask layers", {tr("all layers"), tr("this layer")}, state.document.hand.mask.all_layers ? 0 : 1);
        if (clicked >= 0) act.hand().draw_on_all_layers(clicked == 0);
    }
    paragraph(ui, tr("A press hides the cell's key from its query, or shows it again; a drag paints."), ui.theme.faint);
}

/// What a person can take hold of in this run: by a drag, or by drawing on it.
bool has_role(const Trace* trace, Role role) {
    if (trace == nullptr) return false;
    return std::ranges::any_of(trace->with_role(role), [](const TraceTensor* tensor) { return !tensor->values.empty(); });
}

/// What can be done with the head, or the row, of the selected cell.
void tools(const Ui& ui, AppState& state, Controller& act) {
    const TraceTensor* tensor = held_tensor(state);
    const Trace* trace = state.document.trace();
    const bool weights = has_role(trace, Role::weights), gates = has_role(trace, Role::gate);
    // Where a run is curves and counts alone there is nothing to take hold of.
    if (tensor == nullptr && !weights && !gates) return mask_row(ui, state, act, nullptr);
    heading(ui, tr("By hand"));
    note_place(state, "by hand");
    if (tensor == nullptr) {
        paragraph(
            ui,
            weights
                ? tr("Drag a weight to change it; its row keeps the sum 1. Click a cell to ablate, scale or freeze its head.")
                : tr("Drag the bar of a gate to change it. Click one to ablate, scale or freeze its channel."),
            ui.theme.faint);
        return mask_row(ui, state, act, nullptr);
    }
    const CellRef block = block_around(*tensor, held_cell(state));
    const bool stacked = std::any_of(tensor->info.axes.begin(), tensor->info.axes.end(),
                                     [](const AxisPtr& axis) { return axis->kind == AxisKind::head; });
    const bool part = std::any_of(block.index.begin(), block.index.end(), [](Index i) { return i >= 0; });
    const bool gate = tensor->info.role == Role::gate && tensor->info.axes.size() == 1;
    const std::string unit = stacked ? tr("head")
                             : gate  ? tr("channel")
                                     : tr("row"),
                      words = tr_composed(block_words(*tensor, block.index));
    label(ui, words + " · " + tensor->info.name, ui.theme.text, 15, Font::ui, ImGui::GetContentRegionAvail().x);
    ButtonRow row(ui, state);
    const bool ablated = act.hand().factor_of(block) == 0;
    if (row("ablate", tr("Ablate"), tr("× 0: removes what {} reads", words), ablated ? ButtonKind::primary : ButtonKind::plain))
        act.hand().toggle_ablation(block);
    if (part && row("freeze block", tr("Freeze {}", unit), tr("As it is now, however the text changes")))
        act.hand().freeze(block);
    if (row("freeze all", stacked ? tr("Freeze all heads") : tr("Freeze all"), tr("The whole tensor, as it is now")))
        act.hand().freeze({tensor->info.name, {}});
    factor_slider(ui, state, act, block);
    patch_row(ui, state, act, *tensor, block, unit);
    mask_row(ui, state, act, tensor);
}

/// A name with real subscripts; what does not fit is cut.
void name_line(const Ui& ui, const std::vector<ExplainedPart>& parts, Color ink, float room) {
    ImVec2 at = ImGui::GetCursorScreenPos();
    const float left = at.x, right = at.x + room, height = 22 * ui.s;
    for (const ExplainedPart& part : parts) {
        const bool subscript = part.kind == ExplainedPart::Kind::subscript;
        const double size = subscript ? 10.5 : 14;
        const bool aside = part.text.starts_with(" (") || part.text.starts_with(" · ");
        Color color = aside ? ui.theme.faint : ink;
        if (part.kind == ExplainedPart::Kind::number) color = ui.theme.selection;
        const std::string said = part.kind == ExplainedPart::Kind::text ? tr_composed(part.text) : part.text;
        ui.fonts.need(said);
        const std::string whole = fitted(ui, said, size, Font::ui, right - at.x);
        const std::string text = ui.fonts.shown(whole);
        ImFont* font = ui.fonts.face(Font::ui, 14);
        const float px = subscript ? ui.fonts.imgui_size(Font::ui, 10.5) : compat::font_size(*font);
        text_at(ui, font, px, {at.x, at.y + (subscript ? 7 : 2) * ui.s}, color, text);
        at.x += font->CalcTextSizeA(px, 1e9f, 0, text.c_str()).x;
        if (whole.size() < said.size()) break;
    }
    ImGui::SetCursorScreenPos({left, at.y});
    ImGui::Dummy({room, height});
}

/// Each with its switch. `place`: a word before the names by which tests find them.
void list_of_interventions(const Ui& ui, AppState& state, Controller& act, const std::string& place) {
    const float s = ui.s;
    const float right = ImGui::GetContentRegionAvail().x;
    const auto& all = state.document.side().request.interventions;
    const std::vector<InterventionGroup> groups = groups_of(all, state.document.trace());
    for (std::size_t g = 0; g < groups.size(); ++g) {
        const InterventionGroup& group = groups[g];
        bool on = all[group.first].enabled;
        ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(2 * s, 2 * s));
        ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, 4 * s);
        const bool toggled = ImGui::Checkbox(fmt::format("##on{}", g).c_str(), &on);
        ui.stop();
        ImGui::PopStyleVar(2);
        note_place(state, fmt::format("{}intervention {}", place, g));
        ImGui::SameLine(0, 8 * s);
        // What was set aside is called what it was called: here its numbers name other tokens.
        const auto& anchors = state.document.side().anchors;
        const auto anchor =
            std::ranges::find_if(anchors, [&](const Anchor& one) { return one.aside && one.is_of(all[group.first]); });
        const bool aside = anchor != anchors.end() && !on;
        const std::vector<ExplainedPart> name =
            aside && group.count == 1 ? anchor->name : name_of(all, group, state.document.trace());
        name_line(ui, name, on ? ui.theme.text : ui.theme.faint, right - 64 * s);
        if (ImGui::IsItemHovered())
            tooltip(ui, plain_text(name) + "\n" + brief(all[group.first]) +
                            (aside ? tr("\nSet aside: it was made on another text, and comes back with it") : ""));
        ImGui::SameLine(right - 24 * s);
        const bool removed = button(ui, fmt::format("remove{}", g).c_str(), "×", ButtonKind::quiet, 28 * s,
                                    tr("Remove (Ctrl Z undoes)"), 24 * s);
        note_place(state, fmt::format("{}remove {}", place, g));
        if (toggled) return act.hand().toggle_intervention(group.first, group.count);
        if (removed) return act.hand().remove_intervention(group.first, group.count);
    }
    ButtonRow row(ui, state);
    if (row("clear", tr("Remove all"), tr("Ctrl Z undoes"))) return act.hand().clear_interventions();
    if (row("copy command", tr("Copy as command"), tr("The run with these interventions, for a terminal"))) {
        const std::string line = act.hand().command_line_text();
        if (!line.empty()) ImGui::SetClipboardText(line.c_str());
    }
}

/// One class: "train   0.91 → 0.38".
void change_line(const Ui& ui, const ProbabilityChange& change, float left, float right) {
    const float s = ui.s;
    const ImVec2 at(left, ImGui::GetCursorScreenPos().y);
    ImFont* font = ui.fonts.face(Font::mono, 14);
    const float px = compat::font_size(*font);
    const std::string before = fmt::format("{:.2f} → ", change.before), after = fmt::format("{:.2f}", change.after);
    const float numbers = font->CalcTextSizeA(px, 1e9f, 0, (before + after).c_str()).x;
    const float column = std::min(left + 110 * s, right - numbers);
    ui.fonts.need(change.label);
    const std::string token = ui.fonts.shown(fitted(ui, change.label, 14, Font::mono, column - left - 8 * s));
    text_at(ui, font, px, {at.x, at.y + 2 * s}, ui.theme.text, token);
    text_at(ui, font, px, {column, at.y + 2 * s}, ui.theme.text, before);
    const float x = column + font->CalcTextSizeA(px, 1e9f, 0, before.c_str()).x;
    text_at(ui, font, px, {x, at.y + 2 * s}, ui.theme.selection, after);
    ImGui::SetCursorScreenPos({left, at.y + 22 * s});
}

/// What came of them: the probabilities at the step under discussion, and the output, against the run without them.
void effect(const Ui& ui, AppState& state, Controller& act) {
    const Trace* before = act.runs().untouched();
    if (before == nullptr) return;
    const float s = ui.s;
    const Exhibit& e = state.document.exhibit();
    const std::vector<ProbabilityChange>& changes = act.hand().probability_changes();
    const AxisPtr steps = state.document.trace()->axis(e.step_axis);
    const Index step = act.stage().current_step();
    const auto text_in = [&](const Trace& trace) {
        const auto found = trace.texts().find(e.output_text);
        return found != trace.texts().end() ? output_in_language(e, found->second) : std::string();
    };
    const std::string was = text_in(*before), is = text_in(*state.document.trace());
    const bool has_classes = !state.document.trace()->with_role(Role::probabilities).empty() && (steps == nullptr || step >= 0);
    if (!has_classes && was == is) return;
    ImGui::Dummy({0, 4 * s});
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float width = ImGui::GetContentRegionAvail().x, left = at.x + 12 * s, right = at.x + width - 12 * s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.ChannelsSplit(2);
    list.ChannelsSetCurrent(1);
    ImGui::SetCursorScreenPos({left, at.y + 8 * s});
    if (has_classes) {
        const std::string where = steps != nullptr ? tr("probabilities at step {}, “{}”", step + 1, steps->label(step))
                                                   : std::string(tr("class probabilities"));
        label(ui, where, ui.theme.secondary, 13, Font::ui, right - left);
        ImGui::SetCursorScreenPos({left, ImGui::GetCursorScreenPos().y});
        for (const ProbabilityChange& change : changes) change_line(ui, change, left, right);
        if (changes.empty()) label(ui, tr("none changed by 0.0005 or more"), ui.theme.faint, 13, Font::ui, right - left);
    }
    if (was != is) {
        for (const auto& [text, color] : {std::pair{was, ui.theme.secondary}, std::pair{"→ " + is, ui.theme.selection}}) {
            ImGui::SetCursorScreenPos({left, ImGui::GetCursorScreenPos().y});
            ui.fonts.need(text);
            ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + right - left);
            ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(color));
            ImGui::PushFont(ui.fonts.face(Font::ui, 14));
            ImGui::TextUnformatted(ui.fonts.shown(text).c_str());
            ImGui::PopFont();
            ImGui::PopStyleColor();
            ImGui::PopTextWrapPos();
        }
    }
    const float bottom = ImGui::GetCursorScreenPos().y + 6 * s;
    list.ChannelsSetCurrent(0);
    list.AddRectFilled(at, {at.x + width, bottom}, ui.color(ui.theme.background), 8 * s);
    list.ChannelsMerge();
    state.places["effect"] = {at.x, at.y, width, bottom - at.y};
    ImGui::SetCursorScreenPos({at.x, bottom + 6 * s});
    ImGui::Dummy({0, 0});
}

}  // namespace

void hand_panel(const Ui& ui, AppState& state, Controller& act) {
    tools(ui, state, act);
    if (state.document.side().request.interventions.empty()) return;
    heading(ui, tr("Interventions"));
    list_of_interventions(ui, state, act, "");
    effect(ui, state, act);
}

void changes_button(const Ui& ui, AppState& state, Controller& act, const std::string& text, float width) {
    const float s = ui.s;
    const bool pressed =
        button(ui, "changes", text, ButtonKind::plain, width, tr("What was changed by hand, and what came of it"), 30 * s);
    note_place(state, "changes");
    if (pressed || std::exchange(state.changes_asked, false)) ImGui::OpenPopup("changes menu");
    const ImVec2 high = ImGui::GetItemRectMax();
    const ImVec2 screen = ImGui::GetIO().DisplaySize;
    const float wide = std::min(360 * s, screen.x - 32 * s);
    ImGui::SetNextWindowPos({std::clamp(high.x - wide, 16 * s, screen.x - wide - 16 * s), high.y + 6 * s});
    ImGui::SetNextWindowSizeConstraints({wide, 0}, {wide, screen.y - high.y - 24 * s});
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ImVec2(16 * s, 14 * s));
    const bool open = ImGui::BeginPopup("changes menu");
    ImGui::PopStyleVar();
    if (!open) return;
    state.places["changes menu"] = {ImGui::GetWindowPos().x, ImGui::GetWindowPos().y, ImGui::GetWindowSize().x,
                                    ImGui::GetWindowSize().y};
    label(ui, tr("Changed by hand"), ui.theme.secondary, 13);
    list_of_interventions(ui, state, act, "changes ");
    effect(ui, state, act);
    if (state.document.side().request.interventions.empty()) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
}

}  // namespace saccade
