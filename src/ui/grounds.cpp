#include "ui/grounds.hpp"

#include <glad/gl.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace saccade {

namespace {

/// What is left of an area where another one will lie over it: at most four pieces.
void subtract(const Grounds::Area& area, const Grounds::Area& cover, std::vector<Grounds::Area>& left) {
    const float x0 = std::max(area.low.x, cover.low.x), x1 = std::min(area.high.x, cover.high.x);
    const float y0 = std::max(area.low.y, cover.low.y), y1 = std::min(area.high.y, cover.high.y);
    if (x1 <= x0 || y1 <= y0) return left.push_back(area);
    const auto keep = [&](ImVec2 low, ImVec2 high) {
        if (high.x > low.x && high.y > low.y) left.push_back({low, high, area.color});
    };
    keep(area.low, {area.high.x, y0});
    keep({area.low.x, y1}, area.high);
    keep({area.low.x, y0}, {x0, y1});
    keep({x1, y0}, {area.high.x, y1});
}

float extent(const Grounds::Area& area) {
    return (area.high.x - area.low.x) * (area.high.y - area.low.y);
}

void set_clear_color(Color c) {
    glClearColor(static_cast<float>(c.r) / 255.0f, static_cast<float>(c.g) / 255.0f, static_cast<float>(c.b) / 255.0f, 1.0f);
}

}  // namespace

void Grounds::clear_all(int height) {
    std::vector<Area> visible;
    for (const Area& area : areas) {
        if (area.high.x <= area.low.x || area.high.y <= area.low.y) continue;  // out of sight
        std::vector<Area> left;
        for (const Area& below : visible) subtract(below, area, left);
        visible = std::move(left);
        // Whole px, so that what is cleared and what is drawn meet.
        const Area whole{
            {std::floor(area.low.x), std::floor(area.low.y)}, {std::floor(area.high.x), std::floor(area.high.y)}, area.color};
        if (extent(whole) > 0) visible.push_back(whole);
    }
    areas.clear();
    // A software rasteriser clears the whole picture almost for free and a part of it pixel by pixel: first the colour that
    // covers most, then only the parts that have another.
    Color most;
    float largest = -1;
    for (const Area& one : visible) {
        float total = 0;
        for (const Area& other : visible) total += other.color == one.color ? extent(other) : 0;
        if (total > largest) most = one.color;
        largest = std::max(largest, total);
    }
    glDisable(GL_SCISSOR_TEST);
    set_clear_color(most);
    glClear(GL_COLOR_BUFFER_BIT);
    glEnable(GL_SCISSOR_TEST);
    for (const Area& area : visible) {
        if (area.color == most) continue;
        const int x = static_cast<int>(area.low.x), bottom = static_cast<int>(area.high.y);
        glScissor(x, height - bottom, static_cast<int>(area.high.x) - x, bottom - static_cast<int>(area.low.y));
        set_clear_color(area.color);
        glClear(GL_COLOR_BUFFER_BIT);
    }
    glDisable(GL_SCISSOR_TEST);
}

}  // namespace saccade
