#include "ui/present.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ui/controller.hpp"
#include "ui/token_search.hpp"

namespace saccade {

void Presentation::start() {
    on = true;
    blank = Blank::none;
    note.clear();
    pointer_seen = false;
}

void Presentation::end() {
    on = spotlight = false;
    blank = Blank::none;
}

void Presentation::escape() {
    if (blank != Blank::none)
        blank = Blank::none;
    else if (spotlight)
        spotlight = false;
    else
        end();
}

void Presentation::next() {
    if (page + 1 < pages) {
        ++page;
    } else if (point + 1 < points) {
        ++point;
        page = 0;
        pages = 1;
        note.clear();
    }
}

void Presentation::back() {
    if (page > 0) {
        --page;
    } else if (point > 0) {
        --point;
        page = pages = std::numeric_limits<std::size_t>::max();  // its last: how many there are is seen when it is laid out
        note.clear();
    }
}

void Presentation::follow(const std::string& of, std::size_t its_points, bool keeps_point) {
    if (of != lesson) page = 0;
    if (of != lesson && !keeps_point) point = 0;
    lesson = of;
    points = its_points;
    point = std::min(point, points - std::min<std::size_t>(points, 1));
}

bool Presentation::pointer_rests(double x, double y, bool pressed, double now) {
    constexpr double patience = 2;  // seconds
    if (pressed || (pointer_seen && (x != pointer_x || y != pointer_y))) pointer_moved = now;
    if (!pointer_seen && !pressed) pointer_moved = now - 2 * patience;  // where the hand left it
    pointer_seen = true;
    pointer_x = x;
    pointer_y = y;
    return !spotlight && now - pointer_moved > patience;
}

void Presentation::take_pages(std::size_t needed) {
    pages = std::max<std::size_t>(needed, 1);
    page = std::min(page, pages - 1);
}

double present_scale(double width, double height, double size) {
    constexpr double rows = 560, columns = 720;  // logical px that a picture shows of itself
    const double scale = std::min(height / rows, width / columns) * size;
    return std::clamp(std::floor(scale * 20 + 1e-9) / 20, 0.7, 4.0);
}

double shown_scale(const AppState& state, double width, double height) {
    return state.present.on ? present_scale(width, height, state.view.present_size) : state.view.ui_scale;
}

void change_scale(AppState& state, Controller& act, double by) {
    if (state.present.on)
        state.view.present_size = std::clamp(state.view.present_size + by, least_present_size, largest_present_size);
    else
        act.set_ui_scale(state.view.ui_scale + by);
}

void reset_scale(AppState& state, Controller& act) {
    if (state.present.on)
        state.view.present_size = 1;
    else
        act.set_ui_scale(state.screen_scale);
}

void start_presenting(AppState& state, Controller& act) {
    act.hand().stop_mask_drawing();
    close_search(state);
    state.slow.end();
    state.present.start();
}

}  // namespace saccade
