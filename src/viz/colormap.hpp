#pragma once

#include <array>
#include <string>
#include <vector>

#include "viz/theme.hpp"

namespace saccade {

/// 256 colours, perceptually uniform (lightness linear in CIELAB L*), safe for colour-blind readers. The one table for screen
/// (uploaded as a texture) and file.
struct Colormap {
    std::string id;
    bool diverging = false;
    std::array<Color, 256> colors;

    /// t in [0, 1], clamped.
    Color at(double t) const { return colors[static_cast<std::size_t>(t <= 0 ? 0 : t >= 1 ? 255 : t * 255 + 0.5)]; }
};

/// Sequential maps start near the theme's panel colour, so that zero recedes; diverging ones are centred on it.
/// Maps: "ember", "blue", "grey" (sequential) and "diverging". Error{usage} lists them. Computed once from control points in
/// CIELAB, not copied from another table.
const Colormap& colormap(const std::string& id, const Theme& theme);
std::vector<std::string> colormap_ids();
/// The map for a role when the user has not chosen: sequential for weights, diverging for signed values.
std::string default_colormap(bool is_signed, const Theme& theme);

}  // namespace saccade
