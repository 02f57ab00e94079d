#pragma once

#include <imgui.h>

#include <vector>

#include "viz/theme.hpp"

namespace saccade {

/// Plain areas that lie below everything, in order. They are cleared, not drawn: a software rasteriser clears a window many
/// times faster than it blends a quad over it.
struct Grounds {
    struct Area {
        ImVec2 low, high;
        Color color;
    };
    std::vector<Area> areas;

    void add(ImVec2 low, ImVec2 high, Color color) { areas.push_back({low, high, color}); }
    /// Into the bound framebuffer of `height` px; forgets them.
    void clear_all(int height);
};

}  // namespace saccade
