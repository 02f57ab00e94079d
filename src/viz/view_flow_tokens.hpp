#pragma once

#include <vector>

#include "viz/layout.hpp"

namespace saccade {

/// One of the two rows of tokens: where each stands.
struct TokenRow {
    AxisPtr axis;
    double x0 = 0, pitch = 0, size = 0;
    Index stride = 1;
    double turned = 0;     // how high labels are that are turned; 0: they lie
    bool slanted = false;  // by 45 degrees: written upwards otherwise

    double height() const { return turned > 0 ? turned + size * 0.4 : size * 1.4; }
    double x(Index i) const { return x0 + (static_cast<double>(i) + 0.5) * pitch; }
};

/// As large as there is room for whole labels, turned or thinned where there is little; a figure's as it was asked for.
TokenRow arrange_tokens(const Sketch& sketch, const AxisPtr& axis, const Box& content);

/// Hatched behind their names.
void draw_masked(Sketch& sketch, const TokenRow& row, const std::vector<bool>& masked, double y, double h);

/// `align`: top, where the row stands above its lines at `y`; bottom, where it ends there, below them.
void draw_tokens(Sketch& sketch, const TokenRow& row, const std::vector<bool>& dimmed, const Box& content, double y,
                 VAlign align);

}  // namespace saccade
