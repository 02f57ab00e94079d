#include "ui/bar.hpp"

#include <algorithm>

#include "base/translate.hpp"
#include "ui/panels.hpp"

namespace saccade {

namespace {

constexpr float bar_gap = 8, bar_height = 30, more_width = 36;  // logical px

}  // namespace

float Bar::width() const {
    float all = left_out_.empty() ? 0 : (more_width + bar_gap) * ui_.s;
    for (const Item& item : items_) all += width_of(item) + bar_gap * ui_.s;
    return all - bar_gap * ui_.s;
}

float Bar::fit(float room) {
    while (width() > room) {
        const auto first = std::ranges::max_element(items_, {}, &Item::leaves);
        if (first == items_.end() || first->leaves == 0) break;
        // In the menu as on the bar: what leaves later stands further left.
        left_out_.insert(left_out_.begin(), std::move(*first));
        items_.erase(first);
    }
    return width();
}

void Bar::draw() {
    for (std::size_t i = 0; i < items_.size(); ++i) {
        const Item& item = items_[i];
        const ImVec2 at = ImGui::GetCursorPos();
        const float wide = width_of(item);
        if (i + 1 == items_.size() && !left_out_.empty()) {
            more();
            ImGui::SetCursorPos({at.x + (more_width + bar_gap) * ui_.s, at.y});
        }
        const ImVec2 here = ImGui::GetCursorPos();
        if (item.draw) {
            item.draw(wide);
        } else {
            if (button(ui_, item.place.c_str(), item.text, item.kind, wide, item.tip, bar_height * ui_.s)) item.run();
            note_place(state_, item.place);
        }
        ImGui::SetCursorPos({here.x + wide + bar_gap * ui_.s, here.y});
    }
}

void Bar::more() {
    if (button(ui_, "more", "⋯", ButtonKind::plain, more_width * ui_.s, tr("More"), bar_height * ui_.s))
        ImGui::OpenPopup("left out");
    note_place(state_, "more");
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    ImGui::SetNextWindowPos({low.x, high.y + 6 * ui_.s});
    if (!ImGui::BeginPopup("left out")) return;
    for (const Item& item : left_out_) {
        if (menu_line(ui_, item.text)) item.run();
        if (ImGui::IsItemHovered()) tooltip(ui_, item.tip);
        note_place(state_, item.place);
    }
    ImGui::EndPopup();
}

}  // namespace saccade
