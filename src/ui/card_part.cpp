#include "ui/card_part.hpp"

#include <algorithm>
#include <cmath>

#include "ui/imgui_compat.hpp"

namespace saccade {

namespace {

constexpr double factor_a_notch = 0.8, pan_a_notch = 0.1;
constexpr Index long_axis = 64;  // positions: a longer one is zoomed wherever it stands

bool contains(const Rect& rect, ImVec2 at) {
    return at.x >= rect.at.x && at.y >= rect.at.y && at.x < rect.at.x + rect.size.x && at.y < rect.at.y + rect.size.y;
}

}  // namespace

PartOfMap::PartOfMap(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure, ImVec2 origin,
                     bool difference)
    : ui_(ui), state_(state), act_(act), side_(side), origin_(origin) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    for (const PartPlace& place : figure.parts) {
        if (!act.part().moves(place) || (difference && place.is_of_run())) continue;
        if (place_ == nullptr || contains(on_screen(place.map), mouse)) place_ = &place;
    }
    if (place_ == nullptr || place_->whole.w <= 0 || difference) return;
    const Rect whole = on_screen(place_->whole);
    state.places.try_emplace(side == 0 ? "whole map" : "whole map B",
                             std::array<float, 4>{whole.at.x, whole.at.y, whole.size.x, whole.size.y});
}

Rect PartOfMap::on_screen(const Box& box) const {
    const auto px = [&](double v) { return static_cast<float>(v) * ui_.s; };
    return {{origin_.x + px(box.x), origin_.y + px(box.y)}, {px(box.w), px(box.h)}};
}

bool PartOfMap::is_cut() const {
    return place_ != nullptr && place_->is_cut();
}

/// How large one of several maps is on screen.
Point PartOfMap::tile() const {
    const Rect map = on_screen(place_->map);
    return {static_cast<double>(map.size.x) / static_cast<double>(place_->tiles_x),
            static_cast<double>(map.size.y) / static_cast<double>(place_->tiles_y)};
}

/// The mouse on the map, or on one of several, as fractions of it; of pictures in lines, of all of them in their order.
Point PartOfMap::at(const Rect& map) const {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const Point size = tile();
    const double x = static_cast<double>(mouse.x - map.at.x) / size.x, y = static_cast<double>(mouse.y - map.at.y) / size.y;
    if (place_->axes.front().runs != PartAxis::Runs::through) return {x - std::floor(x), y - std::floor(y)};
    const auto shown = static_cast<double>(place_->axes.front().end - place_->axes.front().begin);
    return {std::clamp((std::floor(y) * static_cast<double>(place_->tiles_x) + x) / shown, 0.0, 1.0), 0.5};
}

bool PartOfMap::press(const Box& box, Point px, bool on_whole) const {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    if (!contains(on_screen(box), mouse)) return false;
    act_.part().press(side_, *place_, on_whole, {static_cast<double>(mouse.x), static_cast<double>(mouse.y)}, px);
    return true;
}

bool PartOfMap::on_whole() const {
    return is_cut() && place_->whole.w > 0 && contains(on_screen(place_->whole), ImGui::GetIO().MousePos);
}

bool PartOfMap::press_twice() const {
    if (!is_cut() || !ImGui::IsMouseDoubleClicked(0)) return false;
    if (!on_whole() && !contains(on_screen(place_->map), ImGui::GetIO().MousePos)) return false;
    act_.part().show_all(side_, *place_);
    return true;
}

bool PartOfMap::press_whole() const {
    if (!on_whole()) return false;
    const Rect whole = on_screen(place_->whole);
    return press(place_->whole, {static_cast<double>(whole.size.x), static_cast<double>(whole.size.y)}, true);
}

bool PartOfMap::press_map() const {
    return is_cut() && !ImGui::GetIO().KeyShift && press(place_->map, tile(), false);
}

bool PartOfMap::drag() const {
    if (!state_.document.part.held) return false;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    act_.part().drag({static_cast<double>(mouse.x), static_cast<double>(mouse.y)});
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    return true;
}

/// Where the views are higher than the stage the wheel is for them; long maps it zooms, and others once they are zoomed, or
/// while Ctrl is down.
bool PartOfMap::takes_wheel() const {
    const bool is_long = std::ranges::any_of(place_->axes, [](const PartAxis& one) { return one.whole > long_axis; });
    return !state_.scrolled || is_cut() || is_long || place_->is_of_run() || ImGui::GetIO().KeyCtrl;
}

void PartOfMap::hover() const {
    if (place_ == nullptr) return;
    const ImGuiIO& io = ImGui::GetIO();
    const Rect map = on_screen(place_->map);
    if (on_whole()) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    if (!contains(map, io.MousePos) || !takes_wheel()) return;
    state_.wheel_taken = true;
    // Two fingers, or Shift and the wheel, go sideways.
    const float sideways = io.KeyShift ? io.MouseWheel + io.MouseWheelH : io.MouseWheelH;
    if (sideways != 0 && is_cut()) act_.part().pan(side_, *place_, -pan_a_notch * static_cast<double>(sideways), 0);
    if (io.MouseWheel == 0 || io.KeyShift) return;
    if (io.MouseWheel < 0 && !is_cut()) {  // there is no more: the views turn
        state_.scroll_by -= io.MouseWheel * 60 * ui_.s;
        return;
    }
    const Point point = at(map);
    act_.part().zoom(side_, *place_, point.x, point.y, std::pow(factor_a_notch, static_cast<double>(io.MouseWheel)));
}

}  // namespace saccade
