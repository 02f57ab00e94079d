#include "ui/card_part.hpp"

#include <cmath>

#include "ui/imgui_compat.hpp"

namespace saccade {

namespace {

constexpr double factor_a_notch = 0.8;

bool contains(const Rect& rect, ImVec2 at) {
    return at.x >= rect.at.x && at.y >= rect.at.y && at.x < rect.at.x + rect.size.x && at.y < rect.at.y + rect.size.y;
}

}  // namespace

PartOfMap::PartOfMap(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure, ImVec2 origin)
    : ui_(ui), state_(state), act_(act), side_(side), origin_(origin) {
    if (!figure.part || !act.part().moves(*figure.part)) return;
    place_ = &*figure.part;
    if (place_->whole.w <= 0) return;
    const Rect whole = on_screen(place_->whole);
    state.places.try_emplace(side == 0 ? "whole map" : "whole map B",
                             std::array<float, 4>{whole.at.x, whole.at.y, whole.size.x, whole.size.y});
}

Rect PartOfMap::on_screen(const Box& box) const {
    const auto px = [&](double v) { return static_cast<float>(v) * ui_.s; };
    return {{origin_.x + px(box.x), origin_.y + px(box.y)}, {px(box.w), px(box.h)}};
}

bool PartOfMap::is_cut() const {
    return place_ != nullptr && (place_->rows->is_cut() || place_->cols->is_cut());
}

bool PartOfMap::press(const Box& box, bool on_whole) const {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const Rect rect = on_screen(box);
    if (!contains(rect, mouse)) return false;
    act_.part().press(side_, *place_, on_whole, {static_cast<double>(mouse.x), static_cast<double>(mouse.y)},
                      {static_cast<double>(rect.size.x), static_cast<double>(rect.size.y)});
    return true;
}

bool PartOfMap::press_whole() const {
    return is_cut() && place_->whole.w > 0 && press(place_->whole, true);
}

bool PartOfMap::press_map() const {
    return is_cut() && !ImGui::GetIO().KeyShift && press(place_->map, false);
}

bool PartOfMap::drag() const {
    if (!state_.document.part.held) return false;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    act_.part().drag({static_cast<double>(mouse.x), static_cast<double>(mouse.y)});
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    return true;
}

void PartOfMap::hover() const {
    if (place_ == nullptr) return;
    const ImGuiIO& io = ImGui::GetIO();
    const Rect map = on_screen(place_->map);
    if (is_cut() && place_->whole.w > 0 && contains(on_screen(place_->whole), io.MousePos))
        ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    if (!contains(map, io.MousePos)) return;
    state_.wheel_taken = true;
    if (io.MouseWheel == 0) return;
    act_.part().zoom(side_, *place_, static_cast<double>((io.MousePos.x - map.at.x) / map.size.x),
                     static_cast<double>((io.MousePos.y - map.at.y) / map.size.y),
                     std::pow(factor_a_notch, static_cast<double>(io.MouseWheel)));
}

}  // namespace saccade
