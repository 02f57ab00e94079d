#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace saccade {

struct Color {
    std::uint8_t r = 0, g = 0, b = 0, a = 255;
    bool operator==(const Color&) const = default;
};

/// Linear mix in sRGB, t in [0, 1].
Color mix(Color a, Color b, double t);
Color with_alpha(Color c, double alpha);
/// WCAG 2 contrast ratio of opaque colours, 1 to 21.
double contrast(Color a, Color b);

/// Colours by meaning, never by hue: blue is data, orange is what is selected, grey is negative or absent.
struct Theme {
    std::string id;  // "dark", "light", "print" (light on white, for figures)
    bool dark = false;
    Color background, panel, raised, line;
    Color text, secondary, faint;
    Color accent, accent_ground, selection, negative;
    Color holds, broken;
    std::array<Color, 3> further;  // series after the accent; never the selection's, holds' or broken's
    Color over, under;             // values above and below the colour scale's limits: in none of its maps
};

/// The i-th of several series that stand beside each other: the accent, then `further`, then these lighter and darker.
Color series_color(const Theme& theme, std::size_t i);

/// Error{usage} lists the themes.
const Theme& theme(const std::string& id);
std::vector<std::string> theme_ids();

}  // namespace saccade
