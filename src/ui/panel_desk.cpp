#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error_line.hpp"
#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/panels.hpp"
#include "ui/text_wrap.hpp"
#include "viz/length.hpp"

namespace saccade {

namespace {

constexpr double zoom_step = 1.15, least_zoom = 0.25, most_zoom = 8;
constexpr double largest_fit = 3;  // px of the screen a logical px: a small figure is not blown up beyond that

/// Where its parts stand, px of the screen.
struct DeskLayout {
    Rect top, choices, page, command, status;
};

DeskLayout layout_desk(ImVec2 size, float s) {
    const float top = 48 * s, status = 30 * s, left = std::clamp(size.x * 0.23f, 248 * s, 330 * s),
                command = (size.y / s < 560 ? 60 : 92) * s, middle = size.y - top - status;
    DeskLayout l;
    l.top = {{0, 0}, {size.x, top}};
    l.choices = {{0, top}, {left, middle}};
    l.page = {{left, top}, {size.x - left, middle - command}};
    l.command = {{left, top + middle - command}, {size.x - left, command}};
    l.status = {{0, size.y - status}, {size.x, status}};
    return l;
}

/// "Transformer · 他每天早上六点起床。": the exhibit and its first text.
std::string shown_run(const Document& document) {
    const Exhibit& e = document.exhibit();
    const Params& params = document.side().request.params;
    const auto text = std::ranges::find_if(e.params, [&](const ParamSpec& spec) {
        return spec.type == ParamType::text && !spec.is_path && !spec.aside && params.has(spec.name) &&
               !params.text(spec.name).empty();
    });
    return text == e.params.end() ? tr(e.title) : tr(e.title) + " · " + params.text(text->name);
}

/// The figure or its values to the clipboard.
void copy_menu(const Ui& ui, AppState& state, Controller& act) {
    if (button(ui, "copy", tr("Copy ▾"), ButtonKind::plain, 76 * ui.s, tr("The figure or its values, to the clipboard"),
               30 * ui.s))
        ImGui::OpenPopup("copy as");
    note_place(state, "export copy as");
    if (!ImGui::BeginPopup("copy as")) return;
    if (menu_line(ui, msg("Figure, as PNG"))) act.desk().copy_picture();
    note_place(state, "export copy Figure, as PNG");
    const std::pair<const char*, Desk::CopyAs> kinds[] = {{msg("Figure, as SVG"), Desk::CopyAs::svg},
                                                          {msg("Values, as CSV"), Desk::CopyAs::csv},
                                                          {msg("Values, for LaTeX"), Desk::CopyAs::latex}};
    for (const auto& [title, as] : kinds) {
        if (menu_line(ui, title)) {
            const std::string text = act.desk().copied(as);
            if (!text.empty()) ImGui::SetClipboardText(text.c_str());
        }
        note_place(state, std::string("export copy ") + title);
    }
    ImGui::EndPopup();
}

/// The file, and what writes it.
void desk_top(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    FigureDesk& desk = state.desk;
    const float s = ui.s, width = place.size.x;
    begin_panel(ui, "desk top", place.at, place.size, ui.theme.panel, {16 * s, 0}, false);
    edge(ui, {0, place.size.y - 1}, {width, place.size.y - 1});
    ImGui::SetCursorPos({16 * s, 13 * s});
    label(ui, tr("Figure desk"), ui.theme.text, 18);
    float from = ImGui::GetItemRectMax().x + 16 * s;
    const float buttons = (76 + 8 + 84 + 8 + 76 + 16) * s,
                field_width = std::clamp(width - from - buttons - 16 * s, 80 * s, 300 * s),
                at = width - buttons - field_width - 8 * s;
    if (at - from > 120 * s) {
        ImGui::SetCursorPos({from, 15 * s});
        label(ui, shown_run(state.document), ui.theme.secondary, 15, Font::ui, at - from - 16 * s);
    }
    ImGui::SetCursorPos({at, 9 * s});
    ImGui::SetNextItemWidth(field_width);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(10 * s, (30 * s - ImGui::GetFontSize()) / 2));
    field(ui, "##path", desk.path, tr("Path of the file").c_str());
    ImGui::PopStyleVar();
    ui.stop(true);
    note_place(state, "export path");
    if (ImGui::IsItemHovered() && !ImGui::IsItemActive())
        tooltip(ui, desk.path + "\n" + tr("The ending says what is written: png, svg, pdf, html, csv, tex, npz"));
    ImGui::SetCursorPos({width - buttons, 9 * s});
    copy_menu(ui, state, act);
    ImGui::SameLine();
    if (button(ui, "write", tr("Export"), ButtonKind::primary, 84 * s,
               tr("Write the file; one that is there is asked about first"), 30 * s))
        act.desk().export_now();
    note_place(state, "export write");
    ImGui::SameLine();
    if (button(ui, "close", tr("Close"), ButtonKind::plain, 76 * s, tr("Back to the stage (Esc); the choices stay"), 30 * s))
        desk.open = false;
    note_place(state, "export close");
    end_panel();
}

/// Millimetres over the page, of which `px` are one; the first tick stands at `left`.
void ruler(const Ui& ui, float left, float top, float right, double px, double length_mm) {
    const float s = ui.s;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    ImFont* font = ui.fonts.face(Font::ui, 12);
    const float size = compat::font_size(*font);
    const int label_every = px * 10 >= 26 ? 10 : px * 20 >= 26 ? 20 : px * 50 >= 26 ? 50 : 100;
    const int tick_every = std::max(1, label_every / 2);
    for (int mm = 0; mm <= static_cast<int>(length_mm + 0.5); mm += tick_every) {
        const float x = std::round(left + static_cast<float>(mm * px));
        if (x > right) break;
        const bool labelled = mm % label_every == 0;
        list.AddLine({x, top + (labelled ? 19 : 23) * s}, {x, top + 27 * s}, ui.color(ui.theme.faint));
        if (!labelled) continue;
        const std::string text = std::to_string(mm);
        const float w = font->CalcTextSizeA(size, 1e9f, 0, text.c_str()).x;
        list.AddText(font, size, {std::round(x - w / 2), top + 3 * s}, ui.color(ui.theme.secondary), text.c_str());
    }
    const float end = left + static_cast<float>(length_mm * px) + 14 * s;
    if (end + 20 * s < right) list.AddText(font, size, {end, top + 3 * s}, ui.color(ui.theme.faint), "mm");
}

/// Ctrl and the wheel.
void zoom_page(FigureDesk& desk) {
    const ImGuiIO& io = ImGui::GetIO();
    if (!io.KeyCtrl || io.MouseWheel == 0 || !ImGui::IsWindowHovered(ImGuiHoveredFlags_ChildWindows)) return;
    desk.zoom = std::clamp(desk.zoom * std::pow(zoom_step, static_cast<double>(io.MouseWheel)), least_zoom, most_zoom);
}

/// The figure as it will be printed, on its page. Returns px of the screen a logical px.
double desk_page(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    FigureDesk& desk = state.desk;
    const float s = ui.s, margin = 20 * s, over = 32 * s;
    begin_panel(ui, "desk page", place.at, place.size, ui.theme.background, {0, 0}, false);
    const DeskPicture& shown = act.desk().preview().shown();
    const ImVec2 room(place.size.x - 2 * margin, place.size.y - over - margin);
    double fit = static_cast<double>(s);
    if (shown.width > 0)
        fit = std::min({static_cast<double>(room.x) / shown.width, static_cast<double>(room.y) / shown.height,
                        largest_fit * static_cast<double>(s)});
    const double scale = std::max(0.05, fit * desk.zoom);
    act.desk().show(scale);
    const ImVec2 size(static_cast<float>(std::round(shown.width * scale)),
                      static_cast<float>(std::round(shown.height * scale)));
    ImGui::SetCursorScreenPos({place.at.x, place.at.y + over});
    const bool scrolls = size.x > room.x + 2 || size.y > room.y + 2;
    ImGui::BeginChild("page", {place.size.x, place.size.y - over}, false,
                      ImGuiWindowFlags_HorizontalScrollbar | ImGuiWindowFlags_NoNavInputs | ImGuiWindowFlags_NoBackground |
                          (scrolls && !ImGui::GetIO().KeyCtrl ? 0 : ImGuiWindowFlags_NoScrollWithMouse));
    zoom_page(desk);
    const ImVec2 start = ImGui::GetCursorScreenPos();
    const ImVec2 at(std::round(start.x + std::max(margin, (place.size.x - size.x) / 2)), std::round(start.y));
    if (!shown.pixels.empty()) {
        ImDrawList& list = *ImGui::GetWindowDrawList();
        Figure page;
        page.items.push_back(ImageItem{{0, 0, static_cast<double>(size.x / s), static_cast<double>(size.y / s)}, shown.pixels});
        ui.canvas.draw(page, at);
        const ImVec2 end(at.x + size.x, at.y + size.y);
        if (act.desk().preview().dimmed()) list.AddRectFilled(at, end, ui.color(with_alpha(ui.theme.background, 0.45)));
        list.AddRect({at.x - 1, at.y - 1}, {end.x + 1, end.y + 1}, ui.color(ui.theme.line));
        ImGui::SetCursorScreenPos(at);
        ImGui::Dummy({size.x + (scrolls ? margin : 0), size.y + (scrolls ? margin : 0)});
        state.places["export page"] = {at.x, at.y, size.x, size.y};
    } else if (!shown.problem) {
        ImGui::SetCursorScreenPos({start.x + margin, start.y + margin});
        label(ui, tr("Laying out …"), ui.theme.secondary, 15);
    }
    ImGui::EndChild();
    if (shown.width > 0) ruler(ui, at.x, place.at.y, place.at.x + place.size.x, scale * px_per_mm, shown.width / px_per_mm);
    end_panel();
    return scale;
}

/// The command that writes the same file, as many lines of it as there is room for.
void desk_command(const Ui& ui, AppState& state, Controller& act, const Rect& place) {
    const float s = ui.s, margin = 16 * s, pad = 10 * s;
    begin_panel(ui, "desk command", place.at, place.size, ui.theme.background, {0, 0}, false);
    const ImVec2 low(place.at.x + margin, place.at.y),
        high(place.at.x + place.size.x - margin, place.at.y + place.size.y - 12 * s);
    card_ground(ui, low, high);
    const std::string& command = act.desk().command_shown();
    const bool none = command.empty();
    const float button_wide = 64 * s, room = high.x - low.x - button_wide - 3 * pad;
    ImFont* font = ui.fonts.face(Font::mono, 13);
    const float size = ui.fonts.imgui_size(Font::mono, 13), line = std::round(size * 1.15f);
    const auto most = static_cast<std::size_t>(std::max(1.0f, (high.y - low.y - pad) / line));
    const ScreenTextMeasure measure(ui.fonts);
    const std::string text = none ? tr("No command draws this: {}", tr_composed(act.desk().no_command())) : command;
    ui.fonts.need(text);
    std::vector<std::string> lines =
        wrapped(text, static_cast<double>(room / s), [&](const std::string& t) { return measure.width(t, 13, Font::mono); });
    const bool cut = lines.size() > most;
    if (cut) {
        lines.resize(most);
        lines.back() = fitted(ui, lines.back() + " …", 13, Font::mono, room);
    }
    float y = low.y + (high.y - low.y - line * static_cast<float>(lines.size())) / 2;
    for (const std::string& one : lines) {
        ImGui::GetWindowDrawList()->AddText(font, size, {low.x + pad, std::round(y)},
                                            ui.color(none ? ui.theme.secondary : ui.theme.text), ui.fonts.shown(one).c_str());
        y += line;
    }
    if (ImGui::IsMouseHoveringRect(low, {high.x - button_wide - pad, high.y}) && cut) tooltip(ui, text);
    ImGui::SetCursorScreenPos({high.x - button_wide - pad, low.y + (high.y - low.y - 28 * s) / 2});
    if (button(ui, "copy command", tr("Copy"), ButtonKind::plain, button_wide,
               none ? text : tr("The command that writes the same file, to the clipboard"), 28 * s) &&
        !none) {
        ImGui::SetClipboardText(command.c_str());
        state.desk.failed = false;
        state.desk.result = tr("The command is in the clipboard");
    }
    note_place(state, "export copy");
    end_panel();
}

void desk_status(const Ui& ui, const AppState& state, const Rect& place, double scale) {
    const FigureDesk& desk = state.desk;
    const float s = ui.s;
    begin_panel(ui, "desk status", place.at, place.size, ui.theme.panel, {0, 0}, false);
    edge(ui, place.at, {place.size.x, place.at.y});
    ImGui::SetCursorScreenPos({place.at.x + 16 * s, place.at.y + 7 * s});
    const std::string hint = tr("preview {:.0f}% · Ctrl and the wheel enlarge it", 100 * scale / static_cast<double>(ui.s));
    const bool said = !desk.result.empty();
    label(ui, said ? desk.result : hint,
          !said         ? ui.theme.secondary
          : desk.failed ? ui.theme.broken
                        : ui.theme.holds,
          13, Font::ui, place.size.x - 32 * s);
    end_panel();
}

}  // namespace

void figure_desk(const Ui& ui, AppState& state, Controller& act) {
    if (!state.desk.open) {
        state.desk.result.clear();
        return;
    }
    const ImVec2 size = begin_page(state, "figure desk");
    const DeskLayout at = layout_desk(size, ui.s);
    desk_top(ui, state, act, at.top);
    const float foot = std::clamp(state.desk.foot, 40 * ui.s, at.choices.size.y / 2), high = at.choices.size.y - foot;
    begin_panel(ui, "desk choices", at.choices.at, {at.choices.size.x, high}, ui.theme.panel, {16 * ui.s, 8 * ui.s});
    desk_choices(ui, state, act);
    end_panel();
    begin_panel(ui, "desk outcome", {at.choices.at.x, at.choices.at.y + high}, {at.choices.size.x, foot}, ui.theme.panel,
                {16 * ui.s, 10 * ui.s});
    edge(ui, {0, at.choices.at.y + high}, {at.choices.size.x, at.choices.at.y + high});
    desk_outcome(ui, state, act);
    state.desk.foot = ImGui::GetCursorPosY() + 4 * ui.s;
    end_panel();
    edge(ui, {at.choices.size.x, at.choices.at.y}, {at.choices.size.x, at.choices.at.y + at.choices.size.y});
    const double scale = desk_page(ui, state, act, at.page);
    desk_command(ui, state, act, at.command);
    desk_status(ui, state, at.status, scale);
    ImGui::End();
    if (state.escape == Layer::exporting) state.desk.open = false;
}

}  // namespace saccade
