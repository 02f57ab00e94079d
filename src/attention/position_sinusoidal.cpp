#include <fmt/core.h>

#include <cmath>

#include "attention/position_make.hpp"

// Vaswani 2017, section 3.5: waves of geometrically growing length, added to the embeddings,
//   PE(p, 2i) = sin(p / 10000^(2i/d)),  PE(p, 2i+1) = cos(p / 10000^(2i/d))
// The paper's published code, and Marian (Junczys-Dowmunt 2018) after it, puts all sines before all cosines,
//   PE(p, i) = sin(p / 10000^(2i/d)),  PE(p, h + i) = cos(p / 10000^(2i/d)),  h = d/2, rounded up

namespace saccade {

namespace {

constexpr const char* equation = "x_p = E + PE(p), PE(p, 2i) = sin(p / 10000^(2i/d)), PE(p, 2i+1) = cos(p / 10000^(2i/d))";
constexpr const char* halves_equation =
    "x_p = E + PE(p), PE(p, i) = sin(p / 10000^(2i/d)), PE(p, d/2 + i) = cos(p / 10000^(2i/d))";
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

template <class T>
class SinusoidalHalves : public AddedCode<T> {
 public:
    SinusoidalHalves(const PositionSizes& sizes, const PositionParameters<T>&) : d_model_(sizes.d_model) {}

    Var<T> added(Index first, Index length) const override { return sinusoidal_code<T>(first, length, d_model_, true); }
    PositionRule added_rule(const std::string& p) const override {
        return {halves_equation,
                fmt::format("sin({0} / 10000 ^ (k % {1} * 2 / {2}) + k // {1} * pi / 2)", p, (d_model_ + 1) / 2, d_model_),
                source};
    }

 private:
    Index d_model_;
};

PositionSimilarity draw(const PositionScene& scene) {
    return draw_added(scene, equation, source);
}
PositionSimilarity draw_halves(const PositionScene& scene) {
    return draw_added(scene, halves_equation, source);
}

}  // namespace

template <class T>
Tensor<T> sinusoidal_code(Index first, Index length, Index d, bool halves) {
    Tensor<T> code = Tensor<T>::uninitialized({length, d});
    for (Index k = 0; k < d; ++k) {
        const Index sines = (d + 1) / 2, pair = halves ? k % sines : k / 2;
        const bool sine = halves ? k < sines : k % 2 == 0;
        const double rate = std::pow(10000.0, -static_cast<double>(2 * pair) / static_cast<double>(d));
        for (Index p = 0; p < length; ++p) {
            const double angle = static_cast<double>(first + p) * rate;
            code.data()[p * d + k] = static_cast<T>(sine ? std::sin(angle) : std::cos(angle));
        }
    }
    return code;
}

template Tensor<float> sinusoidal_code(Index, Index, Index, bool);
template Tensor<double> sinusoidal_code(Index, Index, Index, bool);

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

PositionFunction sinusoidal_halves_position_function() {
    PositionFunction function = sinusoidal_position_function();
    function.id = "sinusoidal-halves";
    function.title = "Sinusoidal (sines first)";
    function.equation = halves_equation;
    function.make = make_code_of<SinusoidalHalves, float>;
    function.make_double = make_code_of<SinusoidalHalves, double>;
    function.draw = draw_halves;
    return function;
}

}  // namespace saccade
