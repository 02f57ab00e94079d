#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "image/color.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"

namespace saccade {

// The scene maker's bar: what the picture is made of, and the shape that is selected in it.

namespace {

constexpr float low_button = 28;

/// A button that opens a menu of names; the one chosen, or -1.
int name_menu(const Ui& ui, AppState& state, FlowRow& row, const char* id, const std::string& text,
              const std::vector<std::string>& names, int chosen) {
    int clicked = -1;
    row.next(button_width(ui, text));
    if (button(ui, id, text, ButtonKind::plain, 0, {}, low_button * ui.s)) ImGui::OpenPopup(id);
    note_place(state, id);
    if (!ImGui::BeginPopup(id)) return clicked;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (menu_line(ui, names[i], static_cast<int>(i) == chosen)) clicked = static_cast<int>(i);
        note_place(state, fmt::format("{}={}", id, names[i]));
    }
    ImGui::EndPopup();
    return clicked;
}

template <typename Kind>
std::vector<std::string> names_of(const std::vector<Kind>& kinds) {
    std::vector<std::string> names;
    for (const Kind kind : kinds) names.push_back(to_string(kind));
    return names;
}

/// A name in the middle of the line, which goes on after it; where it ends.
float words(const Ui& ui, const std::string& text, Color color, double size) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    ui.fonts.need(text);
    ImFont* font = ui.fonts.face(Font::ui, size);
    const float px = compat::font_size(*font), y = at.y + (low_button * ui.s - px) / 2;
    text_at(ui, font, px, {at.x, y}, color, text);
    return at.x + font->CalcTextSizeA(px, 1e9f, 0, text.c_str()).x;
}

/// A slider with its name before it, in the flow.
bool named_slider(const Ui& ui, AppState& state, FlowRow& row, const char* name, double& value, double low, double high) {
    const float width = (ImGui::GetWindowWidth() < 800 * ui.s ? 84.0f : 110.0f) * ui.s;
    const ScreenTextMeasure measure(ui.fonts);
    row.next(static_cast<float>(measure.width(tr(name), 13, Font::ui)) * ui.s + 4 * ui.s + width);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float after = words(ui, tr(name), ui.theme.secondary, 13) + 4 * ui.s;
    ImGui::SetCursorScreenPos({after, at.y + 4 * ui.s});
    const bool moved = slider(ui, (std::string("scene ") + name).c_str(), value, low, high, width);
    note_place(state, std::string("scene ") + name);
    ImGui::SetCursorScreenPos(at);
    ImGui::Dummy({after + width - at.x, low_button * ui.s});
    return moved;
}

bool flow_button(const Ui& ui, AppState& state, FlowRow& row, const char* id, const std::string& text, const std::string& tip) {
    row.next(button_width(ui, text));
    const bool clicked = button(ui, id, text, ButtonKind::plain, 0, tip, low_button * ui.s);
    note_place(state, id);
    return clicked;
}

Color color_of(const std::string& name) {
    try {
        const auto [r, g, b] = color_rgb(name);
        return {r, g, b, 255};
    } catch (const Error&) {
        return {128, 128, 128, 255};
    }
}

/// Swatches to choose a colour from; empty: none was.
std::string color_menu(const Ui& ui, AppState& state, FlowRow& row, const std::string& now) {
    const float s = ui.s, side = 26 * s;
    std::string chosen;
    row.next(48 * s);
    const ImVec2 at = ImGui::GetCursorScreenPos();
    if (button(ui, "shape color", "", ButtonKind::plain, 48 * s, tr("Colour"), low_button * s)) ImGui::OpenPopup("shape color");
    note_place(state, "shape color");
    ImGui::GetWindowDrawList()->AddRectFilled({at.x + 7 * s, at.y + 7 * s}, {at.x + 41 * s, at.y + (low_button - 7) * s},
                                              ui.color(color_of(now)), 4 * s);
    if (!ImGui::BeginPopup("shape color")) return chosen;
    int i = 0;
    for (const std::string& name : color_names()) {
        if (i++ % 6 != 0) ImGui::SameLine(0, 6 * s);
        const ImVec2 low = ImGui::GetCursorScreenPos();
        if (ImGui::InvisibleButton(name.c_str(), {side, side})) chosen = name;
        ui.stop();
        note_place(state, "color=" + name);
        ImDrawList& list = *ImGui::GetWindowDrawList();
        list.AddRectFilled(low, {low.x + side, low.y + side}, ui.color(color_of(name)), 5 * s);
        if (ImGui::IsItemHovered() || ImGui::IsItemFocused() || name == now)
            list.AddRect({low.x - 2 * s, low.y - 2 * s}, {low.x + side + 2 * s, low.y + side + 2 * s},
                         ui.color(name == now ? ui.theme.accent : ui.theme.secondary), 6 * s, 0, 1.5f * s);
        if (ImGui::IsItemHovered()) tooltip(ui, name);
    }
    if (!chosen.empty()) ImGui::CloseCurrentPopup();
    ImGui::EndPopup();
    return chosen;
}

/// The pen, and what it draws with.
void pen_part(const Ui& ui, AppState& state, Controller& act, FlowRow& row) {
    const bool pen = state.document.scene.pen;
    row.next(button_width(ui, tr("Pen")));
    if (button(ui, "pen", tr("Pen"), pen ? ButtonKind::primary : ButtonKind::plain, 0, tr("Draw in the picture with the mouse"),
               low_button * ui.s))
        act.scenes().take_pen(!pen);
    note_place(state, "pen");
    double width = state.document.scene.pen_width;
    if (pen && named_slider(ui, state, row, msg("width"), width, 0.01, 0.2)) act.scenes().set_pen_width(width);
    if (flow_button(ui, state, row, "clear scene", tr("Clear"), tr("Takes all shapes away; Ctrl Z undoes")))
        act.scenes().clear_shapes();
}

void scene_line(const Ui& ui, AppState& state, Controller& act, const Scene& scene) {
    FlowRow row(ui);
    pen_part(ui, state, act, row);
    if (const int i = name_menu(ui, state, row, "add shape", tr("+ Shape ▾"), names_of(shape_kinds()), -1); i >= 0)
        return act.scenes().add_shape(shape_kinds()[static_cast<std::size_t>(i)]);
    const auto& grounds = background_kinds();
    const int ground = static_cast<int>(std::find(grounds.begin(), grounds.end(), scene.background.kind) - grounds.begin());
    const std::string ground_text = tr(to_string(scene.background.kind)) + " ▾";
    if (const int i = name_menu(ui, state, row, "background", ground_text, names_of(grounds), ground); i >= 0)
        return act.scenes().edit("", [&](Scene& s) { s.background.kind = grounds[static_cast<std::size_t>(i)]; });
    double clutter = scene.clutter.amount;
    if (named_slider(ui, state, row, msg("clutter"), clutter, 0, 1))
        return act.scenes().edit("clutter", [&](Scene& s) { s.clutter.amount = std::round(clutter * 100) / 100; });
    if (flow_button(ui, state, row, "random scene", tr("Random scene"), tr("Other shapes and another background")))
        return act.scenes().random();
    if (flow_button(ui, state, row, "save scene", tr("Save PNG…"), tr("The picture as a file")))
        state.prompt = {PathPrompt::Kind::save_picture, "scene.png", ""};
}

void shape_line(const Ui& ui, AppState& state, Controller& act, const Scene& scene, int selected) {
    const auto index = static_cast<std::size_t>(selected);
    const SceneShape& shape = scene.shapes[index];
    FlowRow row(ui);
    const auto& kinds = shape_kinds();
    const int kind = static_cast<int>(std::find(kinds.begin(), kinds.end(), shape.kind) - kinds.begin());
    if (!shape.group.empty()) {
        const ScreenTextMeasure measure(ui.fonts);
        row.next(static_cast<float>(measure.width(shape.group, 15, Font::ui)) * ui.s + 8 * ui.s);
        const float from = ImGui::GetCursorScreenPos().x;
        ImGui::Dummy({words(ui, shape.group, ui.theme.selection, 15) - from + 4 * ui.s, low_button * ui.s});
    }
    if (const int i = name_menu(ui, state, row, "shape kind", tr(to_string(shape.kind)) + " ▾", names_of(kinds), kind); i >= 0)
        return act.scenes().edit("", [&](Scene& s) {
            SceneShape& changed = s.shapes[index];
            changed.kind = kinds[static_cast<std::size_t>(i)];
            if (changed.kind == ShapeKind::polygon && changed.points.size() < 3)
                changed.points = {{{-0.5, 0.4}, {0.0, -0.5}, {0.5, 0.4}}};
        });
    if (const std::string color = color_menu(ui, state, row, shape.color); !color.empty())
        return act.scenes().edit("", [&](Scene& s) { s.shapes[index].color = color; });
    double size = shape.size, angle = std::remainder(shape.angle, 360);
    if (named_slider(ui, state, row, msg("size"), size, 0.02, 1) && shape.size > 0)
        return act.scenes().resize_shape(size / shape.size);
    if (named_slider(ui, state, row, msg("angle"), angle, -180, 180))
        return act.scenes().turn_shape(std::round(angle) - std::remainder(shape.angle, 360));
    if (flow_button(ui, state, row, "duplicate shape", tr("Duplicate"), tr("A copy next to it")))
        return act.scenes().duplicate_shape();
    if (flow_button(ui, state, row, "bring forward", tr("Forward"),
                    tr("In front of the next one; the frontmost goes to the back")))
        return act.scenes().bring_shape_forward();
    if (flow_button(ui, state, row, "delete shape", tr("Delete"), tr("Del; Ctrl Z undoes"))) return act.scenes().delete_shape();
}

}  // namespace

void scene_bar(const Ui& ui, AppState& state, Controller& act) {
    const float s = ui.s;
    const Scene* now = act.scenes().scene(state.document.focus);
    if (now == nullptr) {
        label(ui, tr("A photograph has no shapes to move: choose a sample to make a scene of."), ui.theme.secondary, 13,
              Font::ui, ImGui::GetContentRegionAvail().x);
        ImGui::Dummy({0, 4 * s});
        return;
    }
    const Scene scene = *now;
    scene_line(ui, state, act, scene);
    const int selected = act.scenes().selected_shape();
    if (state.document.scene.pen) {
        label(ui, tr("Press in the picture and draw. Put the pen down to move what was drawn."), ui.theme.faint, 13, Font::ui,
              ImGui::GetContentRegionAvail().x);
    } else if (selected >= 0 && selected < static_cast<int>(scene.shapes.size())) {
        shape_line(ui, state, act, scene, selected);
    } else {
        label(ui,
              tr("Press a shape in the picture and drag it. The wheel makes the selected one larger, with Shift it turns it."),
              ui.theme.faint, 13, Font::ui, ImGui::GetContentRegionAvail().x);
    }
    ImGui::Dummy({0, 4 * s});
}

}  // namespace saccade
