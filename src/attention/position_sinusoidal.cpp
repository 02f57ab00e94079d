#include <fmt/core.h>

#include <cmath>

#include "attention/position_make.hpp"

// Vaswani 2017, section 3.5: waves of geometrically growing length, added to the embeddings,
//   PE(p, 2i) = sin(p / 10000^(2i/d)),  PE(p, 2i+1) = cos(p / 10000^(2i/d))

namespace saccade {

namespace {

constexpr const char* equation = "x_p = E + PE(p), PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos(p / 10000^(2i/d))";
constexpr const char* source = "Vaswani 2017, section 3.5";

template <class T>
class Sinusoidal : public AddedCode<T> {
 public:
    Sinusoidal(const PositionSizes& sizes, const PositionParameters<T>&) : d_model_(sizes.d_model) {}

    Var<T> added(Index first, Index length) const override { return sinusoidal_code<T>(first, length, d_model_); }
    PositionRule added_rule(const std::string& p) const override {
        return {equation, fmt::format("sin({} / 10000 ^ (k // 2 * 2 / {}) + k % 2 * pi / 2)", p, d_model_), source};
    }

 private:
    Index d_model_;
};

PositionSimilarity draw(const PositionScene& scene) {
    return draw_added(scene, equation, source);
}

}  // namespace

template <class T>
Tensor<T> sinusoidal_code(Index first, Index length, Index d) {
    Tensor<T> code = Tensor<T>::uninitialized({length, d});
    for (Index k = 0; k < d; ++k) {
        const double rate = std::pow(10000.0, -static_cast<double>(k - k % 2) / static_cast<double>(d));
        for (Index p = 0; p < length; ++p) {
            const double angle = static_cast<double>(first + p) * rate;
            code.data()[p * d + k] = static_cast<T>(k % 2 == 0 ? std::sin(angle) : std::cos(angle));
        }
    }
    return code;
}

template Tensor<float> sinusoidal_code(Index, Index, Index);
template Tensor<double> sinusoidal_code(Index, Index, Index);

PositionFunction sinusoidal_position_function() {
    return {.id = "sinusoidal",
            .title = "Sinusoidal",
            .equation = equation,
            .source = source,
            .tells_distance = true,
            .tells_direction = true,
            .any_length = true,
            .parameters = no_position_parameters,
            .axes = no_position_axes,
            .make = make_code_of<Sinusoidal, float>,
            .make_double = make_code_of<Sinusoidal, double>,
            .draw = draw};
}

}  // namespace saccade
