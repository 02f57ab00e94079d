#pragma once

#include <array>
#include <optional>
#include <string>

#include "tensor/tensor.hpp"

namespace saccade {

constexpr double log_decades = 4;  // what a log scale shows below its top

/// How values become [0, 1] positions on a map. Always written beside the colour bar.
struct Normalization {
    enum class Scale { linear, sqrt, log, per_row, largest, percentile };
    Scale scale = Scale::linear;
    double low = 0, high = 1;  // linear limits; diverging: -m, m
    double percentile = 99;    // of that scale

    /// NaN and infinities are "masked": the position is NaN. Signed limits bend about zero: -x and x stay mirror images.
    /// per_row: the view has divided each row by its largest magnitude; here it is linear, as it is up to the largest value.
    double operator()(double value) const;
    std::string label() const;  // "scale √"; empty if linear

    /// Does the value lie outside the limits, by more than rounding? Its position is that of the limit.
    bool above(double value) const;
    bool below(double value) const;
};
std::string to_string(Normalization::Scale scale);
Normalization::Scale scale_from(const std::string& text);

/// Cells that lie outside the limits: a weight of 5 between limits of 0 and 1.
struct Beyond {
    Index above = 0, below = 0;
    double highest = 0, lowest = 0;

    bool any() const { return above + below > 0; }
};
Beyond beyond(const Tensor<float>& values, const Normalization& limits);
/// Of the finite values; infinity and -infinity if there are none.
struct Extremes {
    float low, high;
};
Extremes extremes_of(const Tensor<float>& values);
/// The same as above, for values whose extremes are known: where these lie within the limits, nothing is counted.
Beyond beyond(const Tensor<float>& values, const Normalization& limits, const Extremes& extremes);
/// The magnitude that a share of `percentile` % of the finite values that are not 0 does not exceed (nearest rank, as NumPy's
/// "inverted_cdf"); 0 if there are none. Zeros say nothing about how large the others are, and a sparse map is all zeros.
double percentile_of(const Tensor<float>& values, double percentile);
/// How a person wants values to be coloured: the scale and its percentile are set, the limits only if they are to be those of
/// others, too.
struct AskedScale : Normalization {
    std::optional<std::array<double, 2>> limits{};
};
/// Limits from the finite values; weights and gates always [0, 1], but up to their largest, or the percentile, if that scale is
/// asked for.
Normalization normalization_for(const Tensor<float>& values, bool unit_interval, bool is_signed, const AskedScale& asked);
inline Normalization normalization_for(const Tensor<float>& values, bool unit_interval, bool is_signed,
                                       Normalization::Scale scale) {
    AskedScale asked;
    asked.scale = scale;
    return normalization_for(values, unit_interval, is_signed, asked);
}

}  // namespace saccade
