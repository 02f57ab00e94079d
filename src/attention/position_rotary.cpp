#include <fmt/core.h>

#include <cmath>

#include "attention/position_make.hpp"

// Su et al. 2021 ("RoFormer"), eq. 34: queries and keys are turned by angles that grow with their position, so that a score
// depends on the distance alone,
//   (x_2i, x_2i+1) -> rotation by p theta_i,  theta_i = 10000^(-2i/d_head)
// Pairs are adjacent features, as in the paper; many published models pair feature i with i + d/2, which is the same up to the
// order of the features. Some turn other frequencies, or a part of the pairs alone: they bring a table of them.

namespace saccade {

namespace {

/// Turns all rows of x [outer, n, d] by direction * p theta.
template <class T>
Tensor<T> turned_pairs(const Tensor<T>& x, Index first, double direction, const Tensor<T>& thetas) {
    const Shape& s = x.shape();
    const Index n = s[-2], d = s[-1], half = d / 2;
    std::vector<T> cosine(static_cast<std::size_t>(n * half)), sine(cosine.size());
    for (Index i = 0; i < half; ++i) {
        const double theta = thetas.empty() ? std::pow(10000.0, -2.0 * static_cast<double>(i) / static_cast<double>(d))
                                            : static_cast<double>(thetas.data()[i]);
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

constexpr const char* source = "Su 2021, eq. 34";

template <class T>
class Rotary : public TurningCode<T> {
 public:
    Rotary(const PositionSizes& sizes, const PositionParameters<T>& parameters) : units_(sizes.d_model / sizes.heads) {
        if (sizes.pairs > 0) theta_ = parameters("frequency").value();
    }

    Var<T> turned(const Var<T>& x, Index first) const override { return rotary_turned(x, first, theta_); }
    PositionRule turned_rule(const std::function<std::string(const std::string& unit)>& x, char p) const override {
        const std::string angle = theta_.empty() ? fmt::format("{} / 10000 ^ (u // 2 * 2 / {})", p, units_)
                                                 : fmt::format("{} * @position.frequency[u//2]", p);
        return {"R_(p θ) x: pairs of features turned by p θ",
                fmt::format("{} * cos({}) + (u % 2 * 2 - 1) * {} * sin({})", x("u"), angle, x("u+1-u%2*2"), angle), source};
    }

 private:
    Index units_;
    Tensor<T> theta_;  // of each pair; empty: the paper's
};

/// The angles by which each pair of units is turned at each position, and their cosines.
PositionSimilarity draw(const PositionScene& scene) {
    const Index units = scene.sizes.d_model / scene.sizes.heads, pairs = units / 2, n = scene.length;
    const Tensor<float> table = scene.sizes.pairs > 0 ? scene.parameters("frequency").value() : Tensor<float>();
    const auto theta = [&](Index m) {
        return table.empty() ? std::pow(10000.0, -2.0 * static_cast<double>(m) / static_cast<double>(units))
                             : static_cast<double>(table.data()[m]);
    };
    Tensor<float> angles(Shape{n, pairs}), turned(Shape{n, pairs}), alike(Shape{n, n});
    for (Index i = 0; i < n; ++i)
        for (Index m = 0; m < pairs; ++m) angles.data()[i * pairs + m] = static_cast<float>(static_cast<double>(i) * theta(m));
    scene.observe.axis({"pair", AxisKind::feature, pairs, {}, "m"});
    const Tensor<float> angle = scene.observe("angle", angles, [&] {
        return Shown{.role = Role::state,
                     .symbol = "p θ",
                     .title = "Angle",
                     .unit = "rad",
                     .axes = {scene.tokens, "pair"},
                     .step = {"position", "p θ_m, θ_m = 10000^(−2m/d_head)",
                              fmt::format("angle[i,m] = i / 10000 ^ (2 * m / {})", units), "Su 2021, eq. 15"}};
    });
    const auto at = [&](Index i, Index m) { return static_cast<double>(angle.data()[i * pairs + m]); };
    for (Index i = 0; i < n; ++i)
        for (Index m = 0; m < pairs; ++m) turned.data()[i * pairs + m] = static_cast<float>(std::cos(at(i, m)));
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) {
            double sum = 0;
            for (Index m = 0; m < pairs; ++m) sum += std::cos(at(i, m) - at(j, m));
            alike.data()[i * n + j] = static_cast<float>(sum / static_cast<double>(pairs));
        }
    scene.observe("code", turned, [&] {
        return Shown{.role = Role::embedding,
                     .symbol = "cos p θ",
                     .title = "Position code: cosine of the angles",
                     .axes = {scene.tokens, "pair"},
                     .step = {"position", "cos(p θ_m)", "code[i,m] = cos(angle[i,m])", source}};
    });
    return {"Similarity: mean cosine of the angle between", fmt::format("sum_m(cos(angle[i,m] - angle[j,m])) / {}", pairs),
            alike};
}

}  // namespace

template <class T>
Var<T> rotary_turned(const Var<T>& x, Index first, const Tensor<T>& theta) {
    if (x.shape()[-1] % 2 != 0)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("the rotary position code turns pairs of features, and a head has {}", x.shape()[-1]),
                    "choose d_model and heads so that d_model / heads is even");
    if (!theta.empty() && theta.size() != x.shape()[-1] / 2)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("rotary: {} frequencies for heads of {} units", theta.size(), x.shape()[-1]),
                    "give one to each pair of units");
    Tensor<T> y = turned_pairs(x.value(), first, 1, theta);
    if (!x.tracked()) return y;
    return x.tape()->record(std::move(y), [first, theta, id = x.id()](Tape<T>& tape, const Tensor<T>& grad) {
        tape.add_grad(id, turned_pairs(grad, first, -1, theta));
    });
}

template Var<float> rotary_turned(const Var<float>&, Index, const Tensor<float>&);
template Var<double> rotary_turned(const Var<double>&, Index, const Tensor<double>&);

PositionFunction rotary_position_function() {
    return {.id = "rotary",
            .title = "Rotary",
            .equation = "(x_2i, x_2i+1) turned by p 10000^(-2i/d_head), for queries and keys",
            .source = source,
            .tells_distance = true,
            .tells_direction = true,
            .any_length = true,
            .parameters =
                [](const PositionSizes& s) {
                    if (s.pairs == 0) return std::vector<PositionParameter>{};
                    return std::vector<PositionParameter>{{"frequency", "θ", {s.pairs}, false, {"pair"}}};
                },
            .axes =
                [](const PositionSizes& s) {
                    if (s.pairs == 0) return std::vector<Axis>{};
                    return std::vector<Axis>{{"pair", AxisKind::feature, s.pairs, {}, "m"}};
                },
            .make = make_code_of<Rotary, float>,
            .make_double = make_code_of<Rotary, double>,
            .draw = draw};
}

}  // namespace saccade
