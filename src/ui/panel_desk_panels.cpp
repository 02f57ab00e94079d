#include <fmt/format.h>

#include <algorithm>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "viz/figure_panels.hpp"
#include "viz/layout.hpp"

namespace saccade {

namespace {

constexpr Index most_segments = 16;  // positions that are offered one by one

enum class RowAct { none, open, up, down, remove };

/// A line of the list: its letter, what it is, and what can be done with it.
RowAct panel_row(const Ui& ui, AppState& state, std::size_t n, std::size_t count, const std::string& title) {
    const float s = ui.s, height = 32 * s, width = ImGui::GetContentRegionAvail().x, side = 24 * s,
                buttons = (count > 1 ? 3 * side : 0) + 4 * s;
    RowAct act = RowAct::none;
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const bool open = state.desk.panel == static_cast<int>(n);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    ImGui::PushID(static_cast<int>(n));
    if (ImGui::InvisibleButton("row", {width - buttons, height})) act = RowAct::open;
    const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused();
    list.AddRectFilled(at, {at.x + width, at.y + height},
                       ui.color(open  ? ui.theme.accent_ground
                                : lit ? mix(ui.theme.raised, ui.theme.line, 0.6)
                                      : ui.theme.raised),
                       6 * s);
    ui.stop();
    note_place(state, fmt::format("export panel {}", n));
    if (ImGui::IsItemHovered()) tooltip(ui, title + "\n" + tr("A click chooses another view, layer or head"));
    const ImVec2 after = ImGui::GetCursorScreenPos();
    ImGui::SetCursorScreenPos({at.x + 10 * s, at.y + 6 * s});
    if (count > 1) label(ui, panel_letter(n), open ? ui.theme.text : ui.theme.accent, 15);
    ImGui::SetCursorScreenPos({at.x + (count > 1 ? 28 : 10) * s, at.y + 8 * s});
    label(ui, fitted(ui, title, 13, Font::ui, width - buttons - (count > 1 ? 34 : 16) * s), ui.theme.text, 13);
    if (count > 1) {
        float x = at.x + width - buttons;
        const auto small = [&](const char* id, const char* sign, const std::string& tip, RowAct does, bool can) {
            ImGui::SetCursorScreenPos({x, at.y + 4 * s});
            x += side;
            if (!can) return;
            ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
            if (button(ui, id, sign, ButtonKind::quiet, side, tip, side)) act = does;
            ImGui::PopStyleVar();
            note_place(state, fmt::format("export panel {} {}", n, id));
        };
        small("up", "↑", tr("Earlier"), RowAct::up, n > 0);
        small("down", "↓", tr("Later"), RowAct::down, n + 1 < count);
        small("remove", "×", tr("Out of the figure"), RowAct::remove, true);
    }
    ImGui::PopID();
    ImGui::SetCursorScreenPos(after);
    return act;
}

/// Which positions of the two axes are drawn.
void panel_positions(const Ui& ui, AppState& state, DeskPanel& panel) {
    const std::pair<const char*, std::string*> fields[] = {{msg("Rows"), &panel.rows}, {msg("Columns"), &panel.columns}};
    for (const auto& [name, text] : fields) {
        heading(ui, tr(name));
        ImGui::SetNextItemWidth(-1);
        text_input(ui, (std::string("##") + name).c_str(), *text, tr("as on the stage"), Font::mono, 14, false);
        note_place(state, std::string("export ") + name);
        if (ImGui::IsItemHovered()) tooltip(ui, tr("Their numbers, from 1: 3-10,12, or all"));
    }
}

/// The other views that draw the panel's tensor, and where it stands on the axes that its view does not show whole.
void panel_choices(const Ui& ui, AppState& state, Controller& act, DeskPanel& panel) {
    const Trace* trace = state.document.trace();
    const TraceTensor* tensor = trace == nullptr ? nullptr : trace->find(panel.tensor);
    if (tensor == nullptr) return;
    std::vector<std::string> ids, titles, tips;
    for (const View* one : views())
        if (one->accepts(*trace, *tensor)) {
            ids.push_back(one->id());
            titles.push_back(tr(one->title()));
            tips.push_back(tr(one->explains()));
        }
    const auto now = static_cast<int>(std::ranges::find(ids, panel.view) - ids.begin());
    if (const int i = segments(ui, "view", titles, now, tips,
                               [&](int at) { note_place(state, "export view " + ids[static_cast<std::size_t>(at)]); });
        i >= 0)
        panel = act.desk().placed(ids[static_cast<std::size_t>(i)], panel.tensor);
    if (act.desk().chooses_positions(panel)) panel_positions(ui, state, panel);
    for (const int axis : act.desk().fixed_axes(panel)) {
        const Axis& along = *tensor->info.axes[static_cast<std::size_t>(axis)];
        const auto place = static_cast<std::size_t>(axis);
        const Index at = place < panel.index.size() ? panel.index[place] : -1;
        const auto put = [&](Index to) {
            if (panel.index.size() <= place) panel.index.resize(place + 1, -1);
            panel.index[place] = std::clamp<Index>(to, 0, along.extent - 1);
        };
        if (along.extent < 2) continue;
        const bool many = along.extent > most_segments;
        heading(ui, at < 0 || !many ? tr(short_name(along)) : position_text(along, at));
        if (many) {
            if (button(ui, fmt::format("before {}", axis).c_str(), "−", ButtonKind::plain, 32 * ui.s, tr("The one before"),
                       24 * ui.s))
                put(at - 1);
            ImGui::SameLine();
            if (button(ui, fmt::format("after {}", axis).c_str(), "+", ButtonKind::plain, 32 * ui.s, tr("The next"), 24 * ui.s))
                put(at + 1);
            continue;
        }
        std::vector<std::string> numbers;
        for (Index i = 0; i < along.extent; ++i)
            numbers.push_back(along.labels.empty() ? std::to_string(along.at(i) + 1) : drawn_label(along, i));
        if (const int i = segments(ui, along.name.c_str(), numbers, static_cast<int>(at), {},
                                   [&](int one) { note_place(state, fmt::format("export {} {}", along.name, one)); });
            i >= 0)
            put(i);
    }
}

/// Opens the list of views that can be added; the one chosen.
std::optional<DeskPanel> added(const Ui& ui, AppState& state, Controller& act) {
    if (button(ui, "add view", tr("+ Add a view"), ButtonKind::plain, 0, tr("Another view of this run, as (b), (c) …"),
               28 * ui.s)) {
        act.desk().offer();
        ImGui::OpenPopup("views to add");
    }
    note_place(state, "export add");
    std::optional<DeskPanel> chosen;
    ImGui::SetNextWindowSizeConstraints({0, 0}, {ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y * 0.6f});
    if (!ImGui::BeginPopup("views to add")) return chosen;
    for (const DeskPanel& one : act.desk().offered()) {
        const std::string title = act.desk().title(one);
        ui.fonts.need(title);
        if (ImGui::Selectable((ui.fonts.shown(title) + "##" + one.view + one.tensor).c_str())) chosen = one;
        note_place(state, "export add " + one.view + ":" + one.tensor);
    }
    ImGui::EndPopup();
    return chosen;
}

}  // namespace

void desk_panels(const Ui& ui, AppState& state, Controller& act) {
    FigureDesk& desk = state.desk;
    std::vector<DeskPanel>& panels = act.desk().panels();
    heading(ui, tr("Views"));
    RowAct does = RowAct::none;
    std::size_t at = 0;
    for (std::size_t n = 0; n < panels.size(); ++n) {
        const RowAct one = panel_row(ui, state, n, panels.size(), act.desk().title(panels[n]));
        if (desk.panel == static_cast<int>(n)) panel_choices(ui, state, act, panels[n]);
        if (one == RowAct::none) continue;
        does = one;
        at = n;
    }
    const auto place = static_cast<std::ptrdiff_t>(at);
    if (does == RowAct::open) desk.panel = desk.panel == static_cast<int>(at) ? -1 : static_cast<int>(at);
    if (does == RowAct::up || does == RowAct::down) {
        std::swap(panels[at], panels[does == RowAct::up ? at - 1 : at + 1]);
        desk.panel = -1;
    }
    if (does == RowAct::remove) {
        panels.erase(panels.begin() + place);
        desk.panel = -1;
    }
    if (const std::optional<DeskPanel> one = added(ui, state, act)) panels.push_back(*one);
    if (panels.size() < 2) return;
    heading(ui, tr("Side by side"));
    const std::vector<std::string> numbers{"1", "2", "3", "4"};
    const int most = static_cast<int>(std::min(panels.size(), numbers.size()));
    if (const int i =
            segments(ui, "columns", {numbers.begin(), numbers.begin() + most}, static_cast<int>(desk.columns) - 1,
                     {tr("Below each other")}, [&](int n) { note_place(state, fmt::format("export columns={}", n + 1)); });
        i >= 0)
        desk.columns = i + 1;
}

}  // namespace saccade
