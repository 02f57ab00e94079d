#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

constexpr std::size_t most_classes = 5;

/// The run's probabilities, if they are over classes alone: those that are named so before any other.
const TraceTensor* class_probabilities(const Trace& trace) {
    const auto fits = [](const TraceTensor& tensor) {
        return tensor.info.axes.size() == 1 && tensor.info.axes[0]->kind == AxisKind::class_ && !tensor.values.empty();
    };
    const TraceTensor* usual = trace.find("probabilities");
    if (usual != nullptr && fits(*usual)) return usual;
    const auto all = trace.with_role(Role::probabilities);
    const auto found = std::find_if(all.begin(), all.end(), [&](const TraceTensor* tensor) { return fits(*tensor); });
    return found == all.end() ? nullptr : *found;
}

}  // namespace

void class_bars(const Ui& ui, AppState& state, Controller& act) {
    const Trace* trace = state.document.trace();
    const TraceTensor* tensor = trace != nullptr ? class_probabilities(*trace) : nullptr;
    if (tensor == nullptr) return;
    const float s = ui.s;
    const Axis& classes = *tensor->info.axes[0];
    const Tensor<float>& p = tensor->values;
    const Trace* before = act.runs().untouched();
    const TraceTensor* was = before != nullptr ? before->find(tensor->info.name) : nullptr;
    if (was != nullptr && was->values.shape() != p.shape()) was = nullptr;
    std::vector<Index> order(static_cast<std::size_t>(classes.extent));
    std::iota(order.begin(), order.end(), Index{0});
    const std::size_t shown = std::min(most_classes, order.size());
    std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                      [&](Index a, Index b) { return p.at({a}) != p.at({b}) ? p.at({a}) > p.at({b}) : a < b; });
    heading(ui, tensor->info.title.empty() ? tr("Class probabilities") : tr_composed(tensor->info.title));
    const float width = ImGui::GetContentRegionAvail().x, names = 88 * s, numbers = 44 * s;
    ImFont* font = ui.fonts.face(Font::ui, 14);
    const float size = compat::font_size(*font);
    for (std::size_t i = 0; i < shown; ++i) {
        const Index c = order[i];
        const CellRef cell{tensor->info.name, {c}};
        const ImVec2 at = ImGui::GetCursorScreenPos();
        const bool clicked = ImGui::InvisibleButton(fmt::format("class{}", c).c_str(), {width, 22 * s});
        ui.stop();
        note_place(state, fmt::format("class {}", i));
        const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused() || state.document.stage.selected.cell == cell;
        ImDrawList& list = *ImGui::GetWindowDrawList();
        const std::string name = classes.label(c);
        ui.fonts.need(name);
        text_at(ui, font, size, {at.x, at.y + 2 * s}, lit ? ui.theme.selection : ui.theme.text,
                fitted(ui, name, 14, Font::ui, names - 8 * s));
        const float room = width - names - numbers, left = at.x + names;
        const auto px = [&](float value) { return std::max(2 * s, room * std::clamp(value, 0.0f, 1.0f)); };
        const float value = p.at({c}), end = left + px(value);
        list.AddRectFilled({left, at.y + 5 * s}, {end, at.y + 17 * s}, ui.color(lit ? ui.theme.selection : ui.theme.accent),
                           3 * s);
        if (was != nullptr) {
            // Where it stood before anything was changed by hand.
            const float x = left + px(was->values.at({c}));
            list.AddRectFilled({x - 1 * s, at.y + 2 * s}, {x + 1 * s, at.y + 20 * s}, ui.color(ui.theme.secondary));
        }
        text_at(ui, font, size, {end + 6 * s, at.y + 2 * s}, ui.theme.secondary, share_text(value));
        if (ImGui::IsItemHovered())
            tooltip(ui, fmt::format("{} {}{}", name, value_text(value),
                                    was != nullptr ? tr(", {} untouched", value_text(was->values.at({c}))) : ""));
        if (clicked) act.stage().select(cell);
    }
}

}  // namespace saccade
