#include "attention/position_make.hpp"

// No code: self-attention then does not know the order of its tokens (Vaswani 2017, section 3.5: "since our model contains no
// recurrence and no convolution"). A causal stack still sees how many tokens stand before each.

namespace saccade {

namespace {

template <class T>
class NoPosition : public PositionCode<T> {
 public:
    NoPosition(const PositionSizes&, const PositionParameters<T>&) {}
};

}  // namespace

PositionFunction no_position_function() {
    return {.id = "none",
            .title = "None",
            .equation = "x = E",
            .source = "Vaswani 2017, section 3.5",
            .parameters = no_position_parameters,
            .make = make_code_of<NoPosition, float>,
            .make_double = make_code_of<NoPosition, double>};
}

}  // namespace saccade
