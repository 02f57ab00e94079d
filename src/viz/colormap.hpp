#pragma once

#include <array>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"
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
/// The map for a role when the person has not chosen: sequential for weights, diverging for signed values.
std::string default_colormap(bool is_signed, const Theme& theme);

/// How values become [0, 1] positions on a map. Always written beside the colour bar.
struct Normalization {
    enum class Scale { linear, sqrt, log, per_row };
    Scale scale = Scale::linear;
    double low = 0, high = 1;  // linear limits; diverging: -m, m

    /// NaN and infinities are "masked": the position is NaN. Signed limits bend about zero: -x and x stay mirror images.
    /// per_row: the view has divided each row by its largest magnitude; here it is linear.
    double operator()(double value) const;
    std::string label() const;  // "scale √"; empty if linear
};
std::string to_string(Normalization::Scale scale);
Normalization::Scale scale_from(const std::string& text);
/// Limits from the finite values; weights and gates always [0, 1].
Normalization normalization_for(const Tensor<float>& values, bool unit_interval, bool is_signed, Normalization::Scale scale);

}  // namespace saccade
