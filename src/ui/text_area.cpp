#include "ui/text_area.hpp"

#include <imgui_internal.h>

#include <algorithm>

#include "ui/imgui_compat.hpp"
#include "ui/imgui_stdlib_compat.hpp"
#include "ui/text_wrap.hpp"

namespace saccade {

namespace {

const std::string line_end_sign = "⏎";
constexpr ImWchar line_end_character = 0x23ce;  // the same

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

/// ImGui's field knows lines that end with a line feed alone: those of the wrapping are put in, and taken out of what is read.
std::string without_breaks(const std::string& wrapped) {
    return replaced(wrapped, "\n", "");
}

/// Of a font in use, px. A line of the text's own ends behind its sign.
std::string with_breaks(const std::string& text, float room) {
    std::string broken;
    for (std::size_t start = 0; start <= text.size();) {
        const std::size_t sign = text.find(line_end_sign, start);
        const std::size_t end = sign == std::string::npos ? text.size() : sign + line_end_sign.size();
        broken += broken_into_lines(text.substr(start, end - start), static_cast<double>(room), [](const std::string& t) {
            return static_cast<double>(ImGui::CalcTextSize(t.c_str(), t.c_str() + t.size()).x);
        });
        if (sign == std::string::npos) break;
        broken += "\n";
        start = end;
    }
    return broken;
}

bool continues_character(char c) {
    return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

/// Where a place of one text with breaks is in the same text with others.
int moved(const std::string& from, int place, const std::string& to) {
    const auto at = static_cast<std::size_t>(std::clamp(place, 0, static_cast<int>(from.size())));
    std::size_t before = at - static_cast<std::size_t>(
                                  std::count(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(at), '\n')),
                now = 0;
    for (; now < to.size() && before > 0; ++now)
        if (to[now] != '\n') --before;
    // Behind a break it stays behind it, and behind the end of a line.
    const bool began_line = at > 0 && (from[at - 1] == '\n' || from.substr(0, at).ends_with(line_end_sign));
    if (began_line && now < to.size() && to[now] == '\n') ++now;
    return static_cast<int>(now);
}

struct Wrapping {
    float room = 0;
    bool lines = false;  // Return ends one, and does not leave the field
    std::string shown;   // what the field is to hold
    bool reload = false;
};

/// Backspace and Delete at the end of a line took its break out, which comes back: what was meant is the character beside it.
void delete_beside_break(std::string& now, int& cursor) {
    std::size_t first = static_cast<std::size_t>(cursor), last = first;
    if (compat::key_pressed(ImGuiKey_Backspace)) {
        if (first == 0) return;
        --first;
        while (first > 0 && continues_character(now[first])) --first;
    } else {
        if (last == now.size()) return;
        ++last;
        while (last < now.size() && continues_character(now[last])) ++last;
    }
    now.erase(first, last - first);
    cursor = static_cast<int>(first);
}

int wrap_again(ImGuiInputTextCallbackData* data) {
    const auto& wrapping = *static_cast<const Wrapping*>(data->UserData);
    std::string now(data->Buf, static_cast<std::size_t>(data->BufTextLen));
    const std::string held = now;
    int cursor = data->CursorPos, from = data->SelectionStart, to = data->SelectionEnd;
    if (wrapping.reload) {
        now = wrapping.shown;
        cursor = from = to = static_cast<int>(now.size());
    } else if (now.size() + 1 == wrapping.shown.size() && without_breaks(now) == without_breaks(wrapping.shown)) {
        delete_beside_break(now, cursor);
        from = to = cursor;
    }
    const std::string wrapped = with_breaks(without_breaks(now), wrapping.room);
    if (wrapped == held) return 0;
    data->DeleteChars(0, data->BufTextLen);
    data->InsertChars(0, wrapped.c_str());
    data->CursorPos = moved(now, cursor, wrapped);
    data->SelectionStart = moved(now, from, wrapped);
    data->SelectionEnd = moved(now, to, wrapped);
    return 0;
}

/// In every frame of the field that is typed in, and for each character that is typed or pasted: a line that ends stays apart
/// from those of the wrapping by its sign.
int on_typing(ImGuiInputTextCallbackData* data) {
    if (data->EventFlag != ImGuiInputTextFlags_CallbackCharFilter) return wrap_again(data);
    if (data->EventChar == '\n')
        data->EventChar = static_cast<const Wrapping*>(data->UserData)->lines ? line_end_character : ' ';
    return 0;
}

/// Where nothing is written yet: into the field, which is a window of its own.
void draw_hint(const Ui& ui, ImGuiID field, const std::string& hint, float room) {
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax(), inset = ImGui::GetStyle().FramePadding;
    const std::string shown = ui.fonts.shown(with_breaks(hint, room));
    const ImVec4 seen = ImGui::GetCurrentWindow()->ClipRect.ToVec4();
    for (ImGuiWindow* window : ImGui::GetCurrentWindow()->DC.ChildWindows) {
        if (window->ChildId != field) continue;
        ImDrawList& list = *window->DrawList;
        list.PushClipRect({std::max(low.x, seen.x), std::max(low.y, seen.y)},
                          {std::min(high.x, seen.z), std::min(high.y, seen.w)});
        list.AddText(ImGui::GetFont(), ImGui::GetFontSize(), {low.x + inset.x, low.y + inset.y},
                     ImGui::GetColorU32(ImGuiCol_TextDisabled), shown.c_str(), shown.c_str() + shown.size());
        list.PopClipRect();
    }
}

}  // namespace

bool text_area(const Ui& ui, const std::string& id, std::string& text, const std::string& hint, float width, int least_lines,
               bool reload) {
    const ImVec2 inset = ImGui::GetStyle().FramePadding;
    const std::string whole = ui.fonts.stand_ins().in_field(replaced(text, "\n", line_end_sign));
    ui.fonts.need(whole + line_end_sign);
    ui.fonts.need(hint);
    Wrapping wrapping;
    wrapping.room = std::max(1.0f, width - 2 * inset.x - 2);
    wrapping.shown = with_breaks(whole, wrapping.room);
    wrapping.reload = reload;
    wrapping.lines = least_lines > 1;
    const std::string& highest = whole.empty() ? with_breaks(hint, wrapping.room) : wrapping.shown;
    const auto lines = std::max<std::ptrdiff_t>(least_lines, 1 + std::count(highest.begin(), highest.end(), '\n'));
    const float height = static_cast<float>(lines) * ImGui::GetFontSize() + 2 * inset.y;
    std::string shown = wrapping.shown;
    const ImGuiID own = ImGui::GetID(id.c_str());
    ImGui::PushStyleVar(ImGuiStyleVar_ScrollbarSize, 1.0f);
    const bool changed =
        ImGui::InputTextMultiline(id.c_str(), &shown, {width, height},
                                  ImGuiInputTextFlags_NoUndoRedo | ImGuiInputTextFlags_NoHorizontalScroll |
                                      (wrapping.lines ? 0 : ImGuiInputTextFlags_CtrlEnterForNewLine) |
                                      ImGuiInputTextFlags_CallbackAlways | ImGuiInputTextFlags_CallbackCharFilter,
                                  on_typing, &wrapping);
    ImGui::PopStyleVar();
    // The group that it is has no name of its own while nobody types in it, and Tab goes by names.
    ImGui::GetCurrentContext()->LastItemData.ID = own;
    const bool left = ImGui::IsItemDeactivated() && compat::key_pressed(ImGuiKey_Escape, false);
    if (whole.empty() && without_breaks(shown).empty() && !hint.empty()) draw_hint(ui, own, hint, wrapping.room);
    if (left || !changed) return false;
    const std::string now = replaced(ui.fonts.stand_ins().meant(without_breaks(shown)), line_end_sign, "\n");
    if (now == text) return false;
    text = now;
    return true;
}

}  // namespace saccade
