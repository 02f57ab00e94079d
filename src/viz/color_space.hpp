#pragma once

#include "viz/theme.hpp"

namespace saccade {

/// CIE 1976 L*a*b* under D65: L in [0, 100]; equal distances look about equally different.
struct Lab {
    double l = 0, a = 0, b = 0;
};

Lab lab_from(Color c);
/// A colour that sRGB cannot show keeps its lightness and hue and gives up chroma, since lightness is what maps are read by.
Color color_from(const Lab& lab);
/// Euclidean distance in L*a*b* (Delta E 1976).
double difference(const Lab& x, const Lab& y);

}  // namespace saccade
