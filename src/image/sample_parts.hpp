#pragma once

#include <string>

#include "image/thing.hpp"

namespace saccade {

// What the drawn animals share.

inline void ground_shadow(Thing& thing, double x, double y, double width, double height) {
    SceneShape& s = thing.oval("#141a10", x, y, width, height);
    s.soft = 0.16;
    s.opacity = 0.45;
}

inline void fur(SceneShape& shape, const std::string& color_to, double shade = 0.45) {
    shape.color_to = color_to;
    shape.shade = shade;
    shape.texture = 0.35;
}

inline void eye(Thing& thing, double x, double y, double size, const std::string& iris) {
    thing.oval("#15110d", x, y, size * 1.18, size * 1.12);
    SceneShape& ball = thing.oval(iris, x, y, size, size);
    ball.shade = 0.3;
    thing.oval("#0b0a09", x, y, size * 0.56, size * 0.62);
    thing.oval("white", x - size * 0.16, y - size * 0.18, size * 0.22, size * 0.22);
}

}  // namespace saccade
