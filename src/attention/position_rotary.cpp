#include <fmt/core.h>

#include <cmath>

#include "attention/position_make.hpp"

// Su et al. 2021 ("RoFormer"), eq. 34: queries and keys are turned by angles that grow with their position, so that a score
// depends on the distance alone,
//   (x_2i, x_2i+1) -> rotation by p theta_i,  theta_i = 10000^(-2i/d_head)
// Pairs are adjacent features, as in the paper; many published models pair feature i with i + d/2, which is the same up to the
// order of the features.

namespace saccade {

namespace {

/// Turns all rows of x [outer, n, d] by direction * p theta.
template <class T>
Tensor<T> turned_pairs(const Tensor<T>& x, Index first, double direction) {
    const Shape& s = x.shape();
    const Index n = s[-2], d = s[-1], half = d / 2;
    std::vector<T> cosine(static_cast<std::size_t>(n * half)), sine(cosine.size());
    for (Index i = 0; i < half; ++i) {
        const double theta = std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(d));
        for (Index p = 0; p < n; ++p) {
            const auto at = static_cast<std::size_t>(p * half + i);
            const double angle = direction * static_cast<double>(first + p) * theta;
            cosine[at] = static_cast<T>(std::cos(angle));
            sine[at] = static_cast<T>(std::sin(angle));
        }
    }
    Tensor<T> y = Tensor<T>::uninitialized(s);
    const Index rows = x.size() / d;
    for (Index r = 0; r < rows; ++r) {
        const T *from = x.data() + r * d, *c = cosine.data() + r % n * half, *w = sine.data() + r % n * half;
        T* to = y.data() + r * d;
        for (Index i = 0; i < half; ++i) {
            to[2 * i] = from[2 * i] * c[i] - from[2 * i + 1] * w[i];
            to[2 * i + 1] = from[2 * i] * w[i] + from[2 * i + 1] * c[i];
        }
    }
    return y;
}

template <class T>
class Rotary : public PositionCode<T> {
 public:
    Rotary(const PositionSizes&, const PositionParameters<T>&) {}
    bool turns() const override { return true; }
    Var<T> turned(const Var<T>& x, Index first) const override { return rotary_turned(x, first); }
};

}  // namespace

template <class T>
Var<T> rotary_turned(const Var<T>& x, Index first) {
    if (x.shape()[-1] % 2 != 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the rotary position code turns pairs of features, and a head has {}", x.shape()[-1]),
                    "choose d_model and heads so that d_model / heads is even");
    Tensor<T> y = turned_pairs(x.value(), first, 1);
    if (!x.tracked()) return y;
    return x.tape()->record(std::move(y), [first, id = x.id()](Tape<T>& tape, const Tensor<T>& grad) {
        tape.add_grad(id, turned_pairs(grad, first, -1));
    });
}

template Var<float> rotary_turned(const Var<float>&, Index);
template Var<double> rotary_turned(const Var<double>&, Index);

PositionFunction rotary_position_function() {
    return {.id = "rotary",
            .title = "Rotary",
            .equation = "(x_2i, x_2i+1) turned by p 10000^(-2i/d_head), for queries and keys",
            .source = "Su 2021, eq. 34",
            .parameters = no_position_parameters,
            .make = make_code_of<Rotary, float>,
            .make_double = make_code_of<Rotary, double>};
}

}  // namespace saccade
