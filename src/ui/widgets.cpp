#include "ui/widgets.hpp"

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "base/utf8.hpp"
#include "ui/imgui_compat.hpp"
#include "ui/imgui_stdlib_compat.hpp"
#include "ui/text_boxes.hpp"
#include "ui/text_wrap.hpp"
#include "viz/layout.hpp"

namespace saccade {

void apply_style(const Theme& theme, float s) {
    ImGuiStyle& style = ImGui::GetStyle();
    style = ImGuiStyle();
    style.WindowPadding = {12 * s, 10 * s};
    style.FramePadding = {12 * s, 8 * s};
    style.ItemSpacing = {8 * s, 8 * s};
    style.FrameRounding = 8 * s;
    style.WindowRounding = 10 * s;
    style.PopupRounding = 8 * s;
    style.ChildRounding = 0;
    style.WindowBorderSize = 0;
    style.ChildBorderSize = 0;
    style.PopupBorderSize = 1;
    style.FrameBorderSize = 1;
    style.ScrollbarSize = 8 * s;
    style.ScrollbarRounding = 4 * s;
    const auto vec = [](Color c) { return ImGui::ColorConvertU32ToFloat4(to_imgui(c)); };
    ImVec4* colors = style.Colors;
    colors[ImGuiCol_Text] = vec(theme.text);
    colors[ImGuiCol_TextDisabled] = vec(theme.faint);
    colors[ImGuiCol_WindowBg] = vec(theme.background);
    colors[ImGuiCol_ChildBg] = vec(with_alpha(theme.panel, 0));
    colors[ImGuiCol_PopupBg] = vec(theme.panel);
    colors[ImGuiCol_Border] = vec(theme.line);
    colors[ImGuiCol_FrameBg] = vec(theme.panel);
    colors[ImGuiCol_FrameBgHovered] = vec(mix(theme.panel, theme.raised, 0.5));
    colors[ImGuiCol_FrameBgActive] = vec(theme.panel);
    colors[ImGuiCol_Button] = vec(theme.raised);
    colors[ImGuiCol_ButtonHovered] = vec(mix(theme.raised, theme.line, 0.6));
    colors[ImGuiCol_ButtonActive] = vec(theme.line);
    colors[ImGuiCol_Header] = vec(theme.raised);
    colors[ImGuiCol_HeaderHovered] = vec(theme.raised);
    colors[ImGuiCol_HeaderActive] = vec(theme.line);
    colors[ImGuiCol_CheckMark] = vec(theme.accent);
    colors[ImGuiCol_TextSelectedBg] = vec(with_alpha(theme.accent, 0.35));
    colors[ImGuiCol_ScrollbarBg] = vec(with_alpha(theme.panel, 0));
    colors[ImGuiCol_ScrollbarGrab] = vec(theme.line);
    colors[ImGuiCol_ScrollbarGrabHovered] = vec(theme.faint);
    colors[ImGuiCol_ScrollbarGrabActive] = vec(theme.faint);
    colors[ImGuiCol_NavHighlight] = vec(with_alpha(theme.accent, 0));  // TabRing draws its own, on every item
    colors[ImGuiCol_ModalWindowDimBg] = vec(with_alpha(theme.background, 0.6));
    colors[ImGuiCol_Separator] = vec(theme.line);
}

std::string fitted(const Ui& ui, const std::string& text, double size, Font font, float width) {
    const ScreenTextMeasure measure(ui.fonts);
    const double room = static_cast<double>(width / ui.s);
    if (measure.width(text, size, font) <= room) return text;
    ui.fonts.note_cut(text);
    if (needs_shaping(text)) return cut_to_fit(text, room, size, font, measure);
    const std::vector<std::string> parts = code_points(sanitize_utf8(text));
    std::string cut;
    for (const std::string& part : parts) {
        if (measure.width(cut + part + "…", size, font) > room) break;
        cut += part;
    }
    return cut + "…";
}

void label(const Ui& ui, const std::string& text, Color color, double size, Font font, float max_width) {
    ui.fonts.need(text);
    const std::string whole = max_width > 0 ? fitted(ui, text, size, font, max_width) : text;
    if (needs_shaping(whole)) {
        ImFont& face = *ui.fonts.face(font, size);
        const float high = ui.fonts.imgui_size(font, size);
        const ImVec2 at = ImGui::GetCursorScreenPos();
        ui.fonts.shaped().draw(*ImGui::GetWindowDrawList(), whole, size * static_cast<double>(ui.s), font,
                               {at.x, at.y + compat::ascent(face, high)}, ui.color(color));
        ImGui::Dummy({static_cast<float>(ui.fonts.shaped().width(whole, size, font)) * ui.s, high});
        note_text(ui.fonts, whole, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
        return;
    }
    const std::string shown = ui.fonts.shown(whole);
    ImGui::PushFont(ui.fonts.face(font, size));
    ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(color));
    ImGui::TextUnformatted(shown.c_str(), shown.c_str() + shown.size());
    ImGui::PopStyleColor();
    ImGui::PopFont();
    note_text(ui.fonts, whole, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
    if (whole.size() != text.size() && ImGui::IsItemHovered()) tooltip(ui, text);
}

void text_at(const Ui& ui, ImFont* font, float px, ImVec2 at, Color color, const std::string& text) {
    ui.fonts.need(text);
    ImGui::GetWindowDrawList()->AddText(font, px, at, ui.color(color), text.c_str());
    note_text(ui.fonts, text, at, {at.x + font->CalcTextSizeA(px, 1e9f, 0, text.c_str()).x, at.y + px});
}

namespace {

/// Lines of which some need more than ImGui does; close together, as in one text.
void shaped_lines(const Ui& ui, const std::vector<std::string>& lines, Color color, double size) {
    ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ImVec2(0, 0));
    ImGui::BeginGroup();
    // The program's own sentences run from left to right, whatever a line of them begins with.
    for (const std::string& line : lines) label(ui, needs_shaping(line) ? "\u200e" + line : line, color, size);
    ImGui::EndGroup();
    ImGui::PopStyleVar();
}

}  // namespace

void paragraph(const Ui& ui, const std::string& text, Color color, double size) {
    ui.fonts.need(text);
    const ScreenTextMeasure measure(ui.fonts);
    const double room = static_cast<double>(ImGui::GetContentRegionAvail().x / ui.s);
    const std::vector<std::string> lines =
        wrapped(text, room, [&](const std::string& t) { return measure.width(t, size, Font::ui); });
    if (needs_shaping(text)) return shaped_lines(ui, lines, color, size);
    std::string broken;
    for (const std::string& line : lines) broken += (broken.empty() ? "" : "\n") + line;
    broken = ui.fonts.shown(broken);
    ImGui::PushFont(ui.fonts.face(Font::ui, size));
    ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(color));
    ImGui::TextUnformatted(broken.c_str(), broken.c_str() + broken.size());
    ImGui::PopStyleColor();
    ImGui::PopFont();
    note_text(ui.fonts, text, ImGui::GetItemRectMin(), ImGui::GetItemRectMax());
}

void heading(const Ui& ui, const std::string& text) {
    ImGui::Dummy({0, 4 * ui.s});
    label(ui, text, ui.theme.secondary, 13);
}

void tooltip(const Ui& ui, const std::string& text) {
    if (text.empty()) return;
    ui.fonts.need(text);
    if (needs_shaping(text)) {
        const ScreenTextMeasure measure(ui.fonts);
        ImGui::BeginTooltip();
        shaped_lines(ui, wrapped(text, 360, [&](const std::string& t) { return measure.width(t, 13, Font::ui); }),
                     ui.theme.text, 13);
        return ImGui::EndTooltip();
    }
    ImGui::BeginTooltip();
    ImGui::PushFont(ui.fonts.face(Font::ui, 13));
    ImGui::PushTextWrapPos(360 * ui.s);
    ImGui::TextUnformatted(ui.fonts.shown(text).c_str());
    ImGui::PopTextWrapPos();
    ImGui::PopFont();
    ImGui::EndTooltip();
}

bool button(const Ui& ui, const char* id, const std::string& text, ButtonKind kind, float width, const std::string& hint,
            float height) {
    ui.fonts.need(text);
    const Theme& t = ui.theme;
    const Color ground = kind == ButtonKind::primary ? t.accent : kind == ButtonKind::quiet ? with_alpha(t.panel, 0) : t.raised;
    const Color ink = kind == ButtonKind::primary ? (t.dark ? t.background : t.panel)
                      : kind == ButtonKind::quiet ? t.secondary
                                                  : t.text;
    ImGui::PushStyleColor(ImGuiCol_Button, ui.vec(ground));
    ImGui::PushStyleColor(ImGuiCol_ButtonHovered,
                          ui.vec(kind == ButtonKind::primary ? mix(t.accent, t.text, 0.15) : mix(t.raised, t.line, 0.6)));
    ImGui::PushStyleColor(ImGuiCol_ButtonActive, ui.vec(kind == ButtonKind::primary ? mix(t.accent, t.text, 0.25) : t.line));
    ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(ink));
    ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0.0f);
    ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, 6 * ui.s);
    // A low button keeps its text in the middle.
    const float above = height > 0 ? std::clamp((height - ImGui::GetFontSize()) / 2, 0.0f, 5 * ui.s) : 5 * ui.s;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(12 * ui.s, above));
    // It keeps the focus when its text changes.
    const bool pressed = ImGui::Button((ui.fonts.shown(text) + "###" + id).c_str(), {width, height});
    ui.stop();
    note_button_text(ui.fonts, text, ImGui::CalcTextSize(ui.fonts.shown(text).c_str()).x);
    ImGui::PopStyleVar(3);
    ImGui::PopStyleColor(4);
    if (!hint.empty() && ImGui::IsItemHovered()) tooltip(ui, hint);
    return pressed;
}

float button_width(const Ui& ui, const std::string& text) {
    return static_cast<float>(ScreenTextMeasure(ui.fonts).width(text, 15, Font::ui)) * ui.s + 28 * ui.s;
}

void FlowRow::next(float width) {
    if (std::exchange(any_, true)) {
        ImGui::SameLine(0, gap_);
        if (ImGui::GetCursorScreenPos().x + width > right_) ImGui::NewLine();
    }
}

int segments(const Ui& ui, const char* id, const std::vector<std::string>& choices, int chosen,
             const std::vector<std::string>& tooltips, const std::function<void(int)>& after_each) {
    int clicked = -1;
    const Theme& t = ui.theme;
    ImGui::PushID(id);
    const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
    for (int i = 0; i < static_cast<int>(choices.size()); ++i) {
        const std::string& text = choices[static_cast<std::size_t>(i)];
        ui.fonts.need(text);
        ImGui::PushFont(ui.fonts.face(Font::ui, 13));
        const float width = ImGui::CalcTextSize(text.c_str()).x + 18 * ui.s;
        if (i > 0) {
            ImGui::SameLine(0, 6 * ui.s);
            if (ImGui::GetCursorScreenPos().x + width > right) ImGui::NewLine();
        }
        const bool on = i == chosen;
        ImGui::PushStyleColor(ImGuiCol_Button, ui.vec(on ? t.accent_ground : t.raised));
        ImGui::PushStyleColor(ImGuiCol_Text, ui.vec(on ? t.text : t.secondary));
        ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0.0f);
        ImGui::PushStyleVar(ImGuiStyleVar_FrameRounding, 6 * ui.s);
        ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ImVec2(9 * ui.s, 4 * ui.s));
        if (ImGui::Button(text.c_str())) clicked = i;
        ui.stop();
        note_button_text(ui.fonts, text, width - 18 * ui.s);
        ImGui::PopStyleVar(3);
        ImGui::PopStyleColor(2);
        ImGui::PopFont();
        if (static_cast<std::size_t>(i) < tooltips.size() && ImGui::IsItemHovered())
            tooltip(ui, tooltips[static_cast<std::size_t>(i)]);
        if (after_each) after_each(i);
    }
    ImGui::PopID();
    return clicked;
}

bool toggle_switch(const Ui& ui, const char* id, bool on) {
    const float s = ui.s;
    const ImVec2 at = ImGui::GetCursorScreenPos(), size(36 * s, 20 * s);
    const bool clicked = ImGui::InvisibleButton(id, size);
    ui.stop();
    const bool lit = ImGui::IsItemHovered() || ImGui::IsItemFocused();
    const Theme& t = ui.theme;
    const Color track = on ? t.accent : lit ? mix(t.line, t.faint, 0.4) : t.line;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled(at, {at.x + size.x, at.y + size.y}, ui.color(track), size.y / 2);
    const float x = on ? at.x + size.x - size.y / 2 : at.x + size.y / 2;
    list.AddCircleFilled({x, at.y + size.y / 2}, 7 * s, ui.color(t.dark ? (on ? t.background : t.secondary) : t.panel));
    return clicked;
}

namespace {

/// A field that is being typed in holds its own copy of the text: after undo, or when a file was opened, it takes the new one.
int reload_field(ImGuiInputTextCallbackData* data) {
    const std::string& text = *static_cast<const std::string*>(data->UserData);
    data->DeleteChars(0, data->BufTextLen);
    data->InsertChars(0, text.c_str());
    return 0;
}

}  // namespace

namespace {

/// As much of a hint as has room in the field that is made next, in the font that is set.
std::string fitting_hint(const char* hint) {
    const float room = ImGui::CalcItemWidth() - 2 * ImGui::GetStyle().FramePadding.x;
    const auto fits = [&](const std::string& text) { return ImGui::CalcTextSize(text.c_str()).x <= room; };
    if (room <= 0 || fits(hint)) return hint;
    std::string shown;
    for (const std::string& one : graphemes(hint)) {
        if (!fits(shown + one + "…")) break;
        shown += one;
    }
    return shown + "…";
}

}  // namespace

bool field(const Ui& ui, const char* id, std::string& text, const char* hint, bool enter_alone, bool reload) {
    std::string shown = ui.fonts.stand_ins().in_field(text);
    ui.fonts.need(shown);
    ui.fonts.need(hint);
    const std::string hint_shown = fitting_hint(hint);
    std::string before = shown;  // and what is wanted in a field that is typed in
    const ImGuiInputTextFlags flags = ImGuiInputTextFlags_NoUndoRedo |
                                      (enter_alone ? ImGuiInputTextFlags_EnterReturnsTrue : 0) |
                                      (reload ? ImGuiInputTextFlags_CallbackAlways : 0);
    const bool changed = ImGui::InputTextWithHint(id, hint_shown.c_str(), &shown, flags, reload ? reload_field : nullptr,
                                                  reload ? &before : nullptr);
    if (shown.empty() && hint_shown != hint && ImGui::IsItemHovered() && !ImGui::IsItemActive()) tooltip(ui, hint);
    if (ImGui::IsItemDeactivated() && compat::key_pressed(ImGuiKey_Escape, false)) return false;
    if (shown != before) text = ui.fonts.stand_ins().meant(shown);
    return changed;
}

bool text_input(const Ui& ui, const char* id, std::string& text, const std::string& hint, Font font, double size, bool reload) {
    ui.fonts.need(hint);
    ImGui::PushFont(ui.fonts.face(font, size));
    const bool changed = field(ui, id, text, hint.c_str(), false, reload);
    ImGui::PopFont();
    ui.stop(true);
    return changed;
}

namespace {

constexpr double keyboard_steps = 40;  // of a slider, from end to end

}  // namespace

bool menu_line(const Ui& ui, const std::string& english, bool chosen) {
    const std::string shown = tr(english);
    ui.fonts.need(shown);
    const bool clicked = ImGui::Selectable((ui.fonts.shown(shown) + "###" + english).c_str(), chosen);
    ui.stop();
    return clicked;
}

bool slider(const Ui& ui, const char* id, double& value, double low, double high, float width) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float height = 20 * ui.s;
    ImGui::InvisibleButton(id, {std::max(width, 24 * ui.s), height});
    ui.stop();
    bool changed = false;
    if (ui.tabs.focused() && high > low) {
        const int by = (compat::key_pressed(ImGuiKey_RightArrow) ? 1 : 0) - (compat::key_pressed(ImGuiKey_LeftArrow) ? 1 : 0);
        ui.tabs.take_arrows();
        const double next = std::clamp(value + by * (high - low) / keyboard_steps, low, high);
        changed = next != value;
        value = next;
    }
    const float left = at.x + 8 * ui.s;
    const float right = at.x + width - 8 * ui.s;
    if (ImGui::IsItemActive() && high > low) {
        const double t = std::clamp(static_cast<double>((ImGui::GetIO().MousePos.x - left) / (right - left)), 0.0, 1.0);
        const double next = low + t * (high - low);
        changed = changed || next != value;
        value = next;
    }
    const double t = high > low ? std::clamp((value - low) / (high - low), 0.0, 1.0) : 0;
    const float knob = left + static_cast<float>(t) * (right - left);
    const float middle = at.y + height / 2;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.AddRectFilled({left, middle - 2 * ui.s}, {right, middle + 2 * ui.s}, ui.color(ui.theme.line), 2 * ui.s);
    list.AddRectFilled({left, middle - 2 * ui.s}, {knob, middle + 2 * ui.s}, ui.color(ui.theme.accent), 2 * ui.s);
    list.AddCircleFilled({knob, middle}, 7 * ui.s, ui.color(ui.theme.dark ? ui.theme.text : ui.theme.accent));
    return changed;
}

void spark_bars(const Ui& ui, const std::vector<float>& values, ImVec2 low, ImVec2 size, int highlighted) {
    if (values.empty()) return;
    float top = 0, bottom = 0;
    for (const float v : values) {
        if (!std::isfinite(v)) continue;
        top = std::max(top, v);
        bottom = std::min(bottom, v);
    }
    const float range = top - bottom > 0 ? top - bottom : 1;
    const float zero = low.y + size.y * top / range;
    const float pitch = size.x / static_cast<float>(values.size());
    const float gap = pitch > 3 ? 1.0f : 0.0f;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) continue;
        const float x = low.x + pitch * static_cast<float>(i);
        const float y = zero - size.y * values[i] / range;
        const Color c = static_cast<int>(i) == highlighted ? ui.theme.selection
                        : values[i] < 0                    ? ui.theme.negative
                                                           : ui.theme.accent;
        list.AddRectFilled({x, std::min(y, zero)}, {x + std::max(1.0f, pitch - gap), std::max(y, zero)}, ui.color(c));
    }
    list.AddLine({low.x, zero}, {low.x + size.x, zero}, ui.color(ui.theme.line));
}

void card_ground(const Ui& ui, ImVec2 low, ImVec2 high) {
    // Snapped, so that what is cleared and what is drawn meet.
    low = {std::floor(low.x), std::floor(low.y)};
    high = {std::floor(high.x), std::floor(high.y)};
    const float r = std::ceil(10 * ui.s);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    // What is cleared knows no clipping: in a part that scrolls it ends where that ends.
    const ImVec2 first = list.GetClipRectMin(), last = list.GetClipRectMax();
    const auto clipped = [&](ImVec2 from, ImVec2 to) {
        ui.grounds.add({std::max(from.x, first.x), std::max(from.y, first.y)}, {std::min(to.x, last.x), std::min(to.y, last.y)},
                       ui.theme.panel);
    };
    clipped({low.x + r, low.y}, {high.x - r, high.y});
    clipped({low.x, low.y + r}, {high.x, high.y - r});
    const ImU32 color = ui.color(ui.theme.panel);
    const ImVec2 centers[] = {
        {low.x + r, low.y + r}, {high.x - r, low.y + r}, {high.x - r, high.y - r}, {low.x + r, high.y - r}};
    for (int corner = 0; corner < 4; ++corner) {
        list.PathLineTo(centers[corner]);
        list.PathArcToFast(centers[corner], r, 6 + 3 * corner, 9 + 3 * corner);
        list.PathFillConvex(color);
    }
    list.AddRect(low, high, ui.color(ui.theme.line), r);
}

void begin_panel(const Ui& ui, const char* id, ImVec2 at, ImVec2 size, Color ground, ImVec2 padding, bool scroll) {
    ui.grounds.add(at, {at.x + size.x, at.y + size.y}, ground);
    ImGui::SetCursorScreenPos(at);
    ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
    const ImGuiWindowFlags flags =
        scroll ? ImGuiWindowFlags_None : ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
    // Arrows are the stage's: they walk steps and cells, not from button to button.
    compat::begin_padded_child(id, {std::max(1.0f, size.x), std::max(1.0f, size.y)},
                               flags | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoNavInputs);
    ImGui::PopStyleVar();
}

void end_panel() {
    ImGui::EndChild();
}

void edge(const Ui& ui, ImVec2 from, ImVec2 to) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    list.PushClipRectFullScreen();  // a panel clips at half its padding
    list.AddLine(from, to, ui.color(ui.theme.line));
    list.PopClipRect();
}

}  // namespace saccade
