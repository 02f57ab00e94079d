#include "ui/card_scene.hpp"

#include <algorithm>
#include <cmath>

#include "base/translate.hpp"
#include "ui/imgui_compat.hpp"

namespace saccade {

namespace {

constexpr double slack = 0.012;  // of the picture: how near to a small shape finds it
constexpr double factor_a_notch = 1.06, degrees_a_notch = 5;

}  // namespace

ScenePicture::ScenePicture(const Ui& ui, AppState& state, Controller& act, std::size_t side, const Figure& figure,
                           ImVec2 origin)
    : ui_(ui), state_(state), act_(act), side_(side), figure_(figure), origin_(origin) {
    if (figure.image_places.empty()) return;
    const Rect first = on_screen(figure.image_places.front().box);
    state.places.try_emplace(side == 0 ? "picture" : "picture B",
                             std::array<float, 4>{first.at.x, first.at.y, first.size.x, first.size.y});
}

Rect ScenePicture::on_screen(const Box& box) const {
    const auto px = [&](double v) { return static_cast<float>(v) * ui_.s; };
    return {{origin_.x + px(box.x), origin_.y + px(box.y)}, {px(box.w), px(box.h)}};
}

const ImagePlace* ScenePicture::place_under(ImVec2 mouse) const {
    const Point at{static_cast<double>((mouse.x - origin_.x) / ui_.s), static_cast<double>((mouse.y - origin_.y) / ui_.s)};
    const auto found = std::find_if(figure_.image_places.begin(), figure_.image_places.end(),
                                    [&](const ImagePlace& place) { return place.box.contains(at); });
    return found == figure_.image_places.end() ? nullptr : &*found;
}

void ScenePicture::draw_outlines(bool hovered) const {
    if (figure_.image_places.empty()) return;
    const Scene* scene = act_.scenes().scene(side_);
    if (scene == nullptr || state_.document.scene.pen) return;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const auto outline = [&](const Rect& picture, int shape, Color color, float width) {
        const SceneBox box = group_box(*scene, shape);
        const auto at = [&](double x, double y) {
            return ImVec2(picture.at.x + static_cast<float>(std::clamp(x, 0.0, 1.0)) * picture.size.x,
                          picture.at.y + static_cast<float>(std::clamp(y, 0.0, 1.0)) * picture.size.y);
        };
        list.AddRect(at(box.x0, box.y0), at(box.x1, box.y1), ui_.color(color), 3 * ui_.s, 0, width * ui_.s);
    };
    const int selected = side_ == state_.document.focus || state_.document.linked ? state_.document.scene.shape : -1;
    if (selected >= 0 && selected < static_cast<int>(scene->shapes.size()))
        for (const ImagePlace& place : figure_.image_places) outline(on_screen(place.box), selected, ui_.theme.selection, 2);
    if (!hovered || state_.document.scene.held) return;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const ImagePlace* place = place_under(mouse);
    if (place == nullptr) return;
    const Rect picture = on_screen(place->box);
    const int under = shape_at(*scene, static_cast<double>((mouse.x - picture.at.x) / picture.size.x),
                               static_cast<double>((mouse.y - picture.at.y) / picture.size.y), slack);
    if (under < 0) return;
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    if (under != selected) outline(picture, under, with_alpha(ui_.theme.selection, 0.6), 1);
}

bool ScenePicture::press() const {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const ImagePlace* place = place_under(mouse);
    if (place == nullptr) return false;
    const Rect picture = on_screen(place->box);
    act_.scenes().press(side_, static_cast<double>((mouse.x - picture.at.x) / picture.size.x),
                        static_cast<double>((mouse.y - picture.at.y) / picture.size.y),
                        {picture.at.x, picture.at.y, picture.size.x, picture.size.y});
    return state_.document.scene.held;
}

bool ScenePicture::drag() const {
    if (!state_.document.scene.held) return false;
    const auto& [x, y, width, height] = state_.document.scene.box;
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    act_.scenes().drag(static_cast<double>((mouse.x - x) / width), static_cast<double>((mouse.y - y) / height));
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeAll);
    return true;
}

bool ScenePicture::pulls_photograph() const {
    if (figure_.image_places.empty() || act_.scenes().scene(side_) != nullptr) return false;
    if (const ParamSpec* spec = image_param_of(state_.document.exhibit()); spec != nullptr && picture_samples(*spec).empty())
        return false;  // nor would a scene stand there
    const ImVec2 pressed_at = ImGui::GetIO().MouseClickedPos[0];
    return ImGui::IsMouseDragging(0) && place_under(pressed_at) != nullptr;
}

std::string ScenePicture::hover() const {
    const ImGuiIO& io = ImGui::GetIO();
    const ImagePlace* place = place_under(io.MousePos);
    const Scene* scene = place != nullptr ? act_.scenes().scene(side_) : nullptr;
    if (scene == nullptr) return {};
    if (state_.document.scene.pen) return tr("press and draw");
    const Rect picture = on_screen(place->box);
    const double x = static_cast<double>((io.MousePos.x - picture.at.x) / picture.size.x);
    const double y = static_cast<double>((io.MousePos.y - picture.at.y) / picture.size.y);
    const int selected = side_ == state_.document.focus ? act_.scenes().selected_shape() : -1;
    state_.wheel_taken = selected >= 0 && group_box(*scene, selected).contains(x, y);
    if (io.MouseWheel != 0 && state_.wheel_taken) {
        const auto notches = static_cast<double>(io.MouseWheel);
        io.KeyShift ? act_.scenes().turn_shape(degrees_a_notch * notches)
                    : act_.scenes().resize_shape(std::pow(factor_a_notch, notches));
        return {};
    }
    const int under = shape_at(*scene, x, y, slack);
    if (under < 0) return {};
    const SceneShape& shape = scene->shapes[static_cast<std::size_t>(under)];
    const std::string name = shape.group.empty() ? tr(shape.color) + " " + tr(to_string(shape.kind)) : tr(shape.group);
    return tr("drag moves the {}", name);
}

bool shows_shapes(const AppState& state, Controller& act, std::size_t side) {
    const Scene* scene = act.scenes().scene(side);
    const ParamSpec* spec = image_param_of(state.document.exhibit());
    if (scene == nullptr || spec == nullptr || scene->shapes.empty()) return false;
    const Params& shown = state.document.sides[side].shown.request.params;
    return shown.has(spec->name) && !names_picture_file(shown.text(spec->name));
}

}  // namespace saccade
