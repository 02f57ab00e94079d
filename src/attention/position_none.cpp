#include "attention/position_make.hpp"

// No code: self-attention then does not know the order of its tokens (Vaswani 2017, section 3.5: "since our model contains no
// recurrence and no convolution"). A causal stack still sees how many tokens stand before each.

namespace saccade {

namespace {

template <class T>
PositionCode<T> make_none(const PositionSizes&, const PositionParameters<T>&) {
    return {};
}

PositionSimilarity draw_nothing(const PositionScene& scene) {
    return {"Similarity: dot product of the codes", "0", Tensor<float>(Shape{scene.length, scene.length})};
}

}  // namespace

PositionFunction no_position_function() {
    return {.id = "none",
            .title = "None",
            .equation = "x = E",
            .source = "Vaswani 2017, section 3.5",
            .tells_distance = false,
            .tells_direction = false,
            .any_length = true,
            .parameters = no_position_parameters,
            .axes = no_position_axes,
            .make = make_none<float>,
            .make_double = make_none<double>,
            .draw = draw_nothing};
}

}  // namespace saccade
