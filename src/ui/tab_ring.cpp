#include "ui/tab_ring.hpp"

#include <imgui_internal.h>

#include <algorithm>
#include <utility>

namespace saccade {

namespace {

void activate(ImGuiID id) {
#if IMGUI_VERSION_NUM >= 18990
    ImGui::ActivateItemByID(id);
#else
    ImGui::ActivateItem(id);
    ImGui::GetCurrentContext()->NavInputSource = ImGuiInputSource_Keyboard;  // a field asks for it
#endif
}

ImGuiWindow* top_window() {
    ImGuiContext& g = *ImGui::GetCurrentContext();
    return g.NavWindow != nullptr ? g.NavWindow->RootWindow : nullptr;
}

}  // namespace

void TabRing::begin_frame(bool tab, bool space) {
    std::swap(before_, now_);
    now_.clear();
    place_ = -1;
    any_ = std::exchange(any_now_, false);
    arrows_taken_ = false;
    const ImGuiIO& io = ImGui::GetIO();
    if (ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1)) shown_ = false;
    if (io.KeyCtrl || io.KeyAlt) return;
    if (tab && compat::tab_pressed()) return move(io.KeyShift ? -1 : 1);
    ImGuiContext& g = *ImGui::GetCurrentContext();
    const bool press = (space && compat::key_pressed(ImGuiKey_Space, false)) || compat::key_pressed(ImGuiKey_Enter, false);
    // A button that was pressed is active for a frame more: presses that come in it wait.
    const bool still_pressed = g.ActiveId != 0 && g.ActiveId == g.NavId;
    if (!any_ || g.NavId == 0 || (g.ActiveId != 0 && !still_pressed))
        presses_ = 0;
    else if (press)
        ++presses_;
    if (presses_ == 0 || still_pressed) return;
    activate(g.NavId);
    --presses_;
}

void TabRing::move(int by) {
    ImGuiContext& g = *ImGui::GetCurrentContext();
    std::vector<Stop> ring;
    for (const Stop& stop : before_)
        if (top_window() == nullptr || stop.root == top_window()) ring.push_back(stop);
    if (ring.empty()) return;
    const ImGuiID at = g.ActiveId != 0 ? g.ActiveId : g.NavId;
    const auto found = std::find_if(ring.begin(), ring.end(), [at](const Stop& stop) { return stop.id == at; });
    const auto n = static_cast<std::ptrdiff_t>(ring.size());
    std::ptrdiff_t next = by > 0 ? 0 : n - 1;
    if (found != ring.end()) next = ((found - ring.begin()) + by + n) % n;
    wanted_ = ring[static_cast<std::size_t>(next)];
    ImGui::ClearActiveID();
    if (wanted_.text) activate(wanted_.id);
}

bool TabRing::focused() const {
    const ImGuiContext& g = *ImGui::GetCurrentContext();
    return shown_ && g.LastItemData.ID != 0 && g.NavId == g.LastItemData.ID;
}

void TabRing::stop(bool text, ImU32 frame, float scale) {
    ImGuiContext& g = *ImGui::GetCurrentContext();
    const ImGuiID id = g.LastItemData.ID;
    if (id == 0) return;
    now_.push_back({id, g.CurrentWindow->RootWindow, text});
    if (shown_ && g.NavId == id) place_ = static_cast<int>(now_.size()) - 1;
    if (wanted_.id == id) {
        wanted_ = {};
        ImGui::SetFocusID(id, g.CurrentWindow);
        shown_ = true;
        ImGui::ScrollToItem();
    }
    if (text || !focused()) return;
    any_now_ = true;
    const ImVec2 low = ImGui::GetItemRectMin(), high = ImGui::GetItemRectMax();
    const float out = 2 * scale;
    ImGui::GetWindowDrawList()->AddRect({low.x - out, low.y - out}, {high.x + out, high.y + out}, frame, 7 * scale, 0,
                                        2 * scale);
}

}  // namespace saccade
