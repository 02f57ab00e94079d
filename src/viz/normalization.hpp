#pragma once

#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

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
