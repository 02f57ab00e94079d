#include "ui/text_boxes.hpp"

#include <imgui_internal.h>

#include <algorithm>

namespace saccade {

namespace {

void note(FontAtlas::Heard& heard, const std::string& text, ImVec2 low, ImVec2 high, ImVec2 clip_low, ImVec2 clip_high,
          bool of_figure) {
    const ImGuiWindow& window = *ImGui::GetCurrentWindowRead();
    // What came to stand below its edge in this frame makes it scroll in the next.
    const bool will = (window.Flags & ImGuiWindowFlags_NoScrollbar) == 0 && high.y > window.InnerRect.Max.y;
    heard.boxes.push_back({.text = text,
                           .box = {low.x, low.y, high.x - low.x, high.y - low.y},
                           .clip = {clip_low.x, clip_low.y, clip_high.x - clip_low.x, clip_high.y - clip_low.y},
                           .layer = window.RootWindow->Name,
                           .scrolls = window.ScrollMax.y > 0 || will,
                           .of_figure = of_figure});
}

}  // namespace

void note_text(const FontAtlas& fonts, const std::string& text, ImVec2 low, ImVec2 high, bool of_figure) {
    if (fonts.heard() == nullptr) return;
    const ImDrawList& list = *ImGui::GetWindowDrawList();
    note(*fonts.heard(), text, low, high, list.GetClipRectMin(), list.GetClipRectMax(), of_figure);
}

void note_button_text(const FontAtlas& fonts, const std::string& text, float text_width) {
    if (fonts.heard() == nullptr) return;
    const ImDrawList& list = *ImGui::GetWindowDrawList();
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax(), a = list.GetClipRectMin(),
                 b = list.GetClipRectMax();
    const float middle = (low.x + high.x) / 2, half = ImGui::GetFontSize() / 2, y = (low.y + high.y) / 2;
    note(*fonts.heard(), text, {middle - text_width / 2, y - half}, {middle + text_width / 2, y + half},
         {std::max(a.x, low.x), std::max(a.y, low.y)}, {std::min(b.x, high.x), std::min(b.y, high.y)}, false);
}

}  // namespace saccade
