#include <limits>
#include <numbers>
#include <utility>

#include "autograd/ops.hpp"
#include "autograd/ops_common.hpp"
#include "autograd/ops_hard.hpp"
#include "tensor/simd.hpp"

// after tensor/eigen.hpp, which silences a compiler bug for it
#include <unsupported/Eigen/SpecialFunctions>

namespace saccade {

namespace {

/// f(x) element by element; f takes and returns Eigen arrays. The last few go through f as a padded vector of their own: Eigen
/// would take them one by one, by other functions than its vectors', and the same number would give another result there.
template <class T, class Function>
Tensor<T> map_elements(const Tensor<T>& x, const Function& f) {
    constexpr Index width = simd::lanes<T>;
    Tensor<T> y = Tensor<T>::uninitialized(x.shape());
    for_pieces(x.size(), [&](Index start, Index count) {
        const Index whole = count / width * width;
        array(y.data() + start, whole) = f(array(x.data() + start, whole));
        if (whole < count) {
            Eigen::Array<T, width, 1> last = Eigen::Array<T, width, 1>::Ones();
            last.head(count - whole) = array(x.data() + start + whole, count - whole);
            const Eigen::Array<T, width, 1> result = f(last);
            array(y.data() + start + whole, count - whole) = result.head(count - whole);
        }
    });
    return y;
}

/// An elementwise op whose derivative times the gradient is slope(kept, g), `kept` being its result or its operand.
template <class T, class Slope>
Var<T> record_elementwise(const Var<T>& a, Tensor<T> y, const Tensor<T>& kept, const Slope& slope) {
    if (!a.tracked()) return y;
    return a.tape()->record(std::move(y), [a = a.id(), kept, slope](Tape<T>& tape, const Tensor<T>& grad) {
        add_to_grad(tape, a, [&](Index start, Index count) {
            return slope(array(kept.data() + start, count), array(grad.data() + start, count));
        });
    });
}

}  // namespace

template <class T>
Var<T> tanh(const Var<T>& a) {
    Tensor<T> y = map_elements(a.value(), [](const auto& x) { return x.tanh(); });
    return record_elementwise(a, y, y, [](const auto& t, const auto& g) { return g * (T(1) - t.square()); });
}

template <class T>
Var<T> sigmoid(const Var<T>& a) {
    Tensor<T> y = map_elements(a.value(), [](const auto& x) { return x.logistic(); });
    return record_elementwise(a, y, y, [](const auto& s, const auto& g) { return g * s * (T(1) - s); });
}

template <class T>
Var<T> relu(const Var<T>& a) {
    Tensor<T> y = map_elements(a.value(), [](const auto& x) { return x.max(T(0)); });
    return record_elementwise(a, y, y, [](const auto& r, const auto& g) { return (r > T(0)).select(g, T(0)); });
}

template <class T>
Var<T> gelu(const Var<T>& a) {
    constexpr T root_half = T(0.5) * std::numbers::sqrt2_v<T>;
    constexpr T density_at_0 = root_half * std::numbers::inv_sqrtpi_v<T>;
    Tensor<T> y = map_elements(a.value(), [=](const auto& x) { return x * (T(0.5) + T(0.5) * (x * root_half).erf()); });
    // Phi(x) + x phi(x)
    return record_elementwise(a, std::move(y), a.value(), [=](const auto& x, const auto& g) {
        return g * (T(0.5) + T(0.5) * (x * root_half).erf() + x * density_at_0 * (x.square() * T(-0.5)).exp());
    });
}

template <class T>
Var<T> gelu_tanh(const Var<T>& a) {
    constexpr T slope = T(2) * std::numbers::inv_sqrtpi_v<T> * (T(0.5) * std::numbers::sqrt2_v<T>);  // sqrt(2 / pi)
    constexpr T cubic = T(0.044715);
    const auto inner = [=](const auto& x) { return (slope * (x + cubic * x.cube())).tanh(); };
    Tensor<T> y = map_elements(a.value(), [=](const auto& x) { return T(0.5) * x * (T(1) + inner(x)); });
    return record_elementwise(a, std::move(y), a.value(), [=](const auto& x, const auto& g) {
        const auto t = inner(x).eval();
        return (g * T(0.5) * (T(1) + t + x * (T(1) - t.square()) * slope * (T(1) + T(3) * cubic * x.square()))).eval();
    });
}

template <class T>
Var<T> silu(const Var<T>& a) {
    Tensor<T> y = map_elements(a.value(), [](const auto& x) { return x * x.logistic(); });
    return record_elementwise(a, std::move(y), a.value(), [](const auto& x, const auto& g) {
        const auto s = x.logistic().eval();
        return (g * s * (T(1) + x * (T(1) - s))).eval();
    });
}

template <class T>
Var<T> hard_sigmoid(const Var<T>& a) {
    constexpr T sixth = T(1) / T(6);
    Tensor<T> y = map_elements(a.value(), [=](const auto& x) { return (x + T(3)).max(T(0)).min(T(6)) * sixth; });
    return record_elementwise(a, std::move(y), a.value(),
                              [=](const auto& x, const auto& g) { return (x.abs() < T(3)).select(g * sixth, T(0)).eval(); });
}

template <class T>
Var<T> hard_swish(const Var<T>& a) {
    constexpr T sixth = T(1) / T(6);
    Tensor<T> y = map_elements(a.value(), [=](const auto& x) { return x * ((x + T(3)).max(T(0)).min(T(6)) * sixth); });
    return record_elementwise(a, std::move(y), a.value(), [=](const auto& x, const auto& g) {
        const auto slope = (x.abs() < T(3)).select((T(2) * x + T(3)) * sixth, (x > T(0)).template cast<T>()).eval();
        return (g * slope).eval();
    });
}

template <class T>
Var<T> exp(const Var<T>& a) {
    // Eigen clamps the argument, so that exp(-inf) could come out as the least number instead of 0.
    Tensor<T> y = map_elements(
        a.value(), [lowest = std::numeric_limits<T>::lowest()](const auto& x) { return (x < lowest).select(T(0), x.exp()); });
    return record_elementwise(a, y, y, [](const auto& e, const auto& g) { return g * e; });
}

template <class T>
Var<T> log(const Var<T>& a) {
    Tensor<T> y = map_elements(a.value(), [](const auto& x) { return x.log(); });
    return record_elementwise(a, std::move(y), a.value(), [](const auto& x, const auto& g) { return g / x; });
}

template <class T>
Var<T> dropout(const Var<T>& a, T p, Rng& rng) {
    if (!(p >= T(0) && p < T(1))) {
        throw Error(ErrorCode::invalid_input, fmt::format("dropout with probability {}", p), "use a value in [0, 1)");
    }
    if (p == T(0)) return a;
    // One draw gives two decisions of 32 bits each: the probability is kept to 2^-32.
    const auto threshold = static_cast<std::uint64_t>(static_cast<double>(p) * 0x1.0p32);
    const T kept = T(1) / (T(1) - p);
    Tensor<T> factor = Tensor<T>::uninitialized(a.shape());
    T* f = factor.data();
    for (Index i = 0; i < factor.size(); i += 2) {
        const std::uint64_t draw = rng.next();
        f[i] = (draw >> 32) < threshold ? T(0) : kept;
        if (i + 1 < factor.size()) f[i + 1] = (draw & 0xffffffffU) < threshold ? T(0) : kept;
    }
    Tensor<T> y = Tensor<T>::uninitialized(a.shape());
    array(y) = array(a.value()) * array(std::as_const(factor));
    return record_elementwise(a, std::move(y), factor, [](const auto& k, const auto& g) { return g * k; });
}

#define SACCADE_INSTANTIATE(T)                   \
    template Var<T> tanh(const Var<T>&);         \
    template Var<T> sigmoid(const Var<T>&);      \
    template Var<T> relu(const Var<T>&);         \
    template Var<T> gelu(const Var<T>&);         \
    template Var<T> gelu_tanh(const Var<T>&);    \
    template Var<T> silu(const Var<T>&);         \
    template Var<T> hard_sigmoid(const Var<T>&); \
    template Var<T> hard_swish(const Var<T>&);   \
    template Var<T> exp(const Var<T>&);          \
    template Var<T> log(const Var<T>&);          \
    template Var<T> dropout(const Var<T>&, T, Rng&);
SACCADE_INSTANTIATE(float)
SACCADE_INSTANTIATE(double)
#undef SACCADE_INSTANTIATE

}  // namespace saccade
