#include "attention/glimpse.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"
#include "nn/rules.hpp"

namespace saccade {

template <class T>
Var<T> GlimpseNetwork<T>::operator()(const Var<T>& seen, const Var<T>& place, const Observer& observe) const {
    const Var<T> h_g = observe("what", relu(what(seen)), [&] {
        const Index sensed = what.weight.shape()[0];
        return Shown{
            .symbol = "h_g",
            .title = "What the glimpse shows",
            .axes = {"glimpse", "sensed"},
            .step = {"sense", "h_g = relu(W_ρ ρ + b)",
                     "@what[t,k] = relu(sum_s(sum_y(sum_x(@what.weight[k,s,y,x] * @retina[t,s,y,x]))) + @what.bias[k])",
                     "Mnih 2014, section 3.1"},
            .parameters = {{"@what.weight",
                            "W_ρ",
                            {"sensed", "scale", "cell.y", "cell.x"},
                            what.weight.value().reshape({sensed, scales, cells, cells})},
                           {"@what.bias", "b_ρ", {"sensed"}, what.bias}}};
    });
    const Var<T> h_l = observe("where", relu(where(place)), [&] {
        return Shown{.symbol = "h_l",
                     .title = "Where the glimpse is",
                     .axes = {"glimpse", "sensed"},
                     .step = {"sense", "h_l = relu(W_l l + b)",
                              "@where[t,k] = relu(sum_p(@where.weight[k,p] * @fixation[t,p]) + @where.bias[k])",
                              "Mnih 2014, section 3.1"},
                     .parameters = {{"@where.weight", "W_l", {"sensed", "place"}, where.weight},
                                    {"@where.bias", "b_l", {"sensed"}, where.bias}}};
    });
    return observe("vector", relu(add(affine(h_g, what_weight, bias), affine(h_l, where_weight, Var<T>()))), [&] {
        return Shown{.symbol = "g",
                     .title = "Glimpse",
                     .axes = {"glimpse", "unit"},
                     .step = {"join", "g = relu(W_g h_g + W_h h_l + b)",
                              "@vector[t,u] = relu(sum_k(@vector.what[u,k] * @what[t,k]) + sum_k(@vector.where[u,k] * "
                              "@where[t,k]) + @vector.bias[u])",
                              "Mnih 2014, section 3.1"},
                     .parameters = {{"@vector.what", "W_g", {"unit", "sensed"}, what_weight},
                                    {"@vector.where", "W_h", {"unit", "sensed"}, where_weight},
                                    {"@vector.bias", "b_g", {"unit"}, bias}}};
    });
}

template <class T>
Var<T> GlimpseCore<T>::operator()(const Var<T>& state, const Var<T>& glimpse, const Observer& observe) const {
    return observe("state", relu(add(input(glimpse), affine(state, state_weight, Var<T>()))), [&] {
        return Shown{.symbol = "h",
                     .title = "What was seen so far",
                     .axes = {"glimpse", "unit"},
                     .step = {"remember", "h_t = relu(W_h h_{t-1} + W_g g_t + b)",
                              "@state[t,u] = relu(sum_v(@core.state[u,v] * (@state[t-1,v] else 0)) + sum_v(@core.glimpse[u,v] "
                              "* @vector[t,v]) + @core.bias[u])",
                              "Mnih 2014, section 3.1"},
                     .parameters = {{"@core.state", "W_h", {"unit", "unit.before"}, state_weight},
                                    {"@core.glimpse", "W_g", {"unit", "unit.before"}, input.weight},
                                    {"@core.bias", "b", {"unit"}, input.bias}}};
    });
}

template <class T>
Var<T> LocationNetwork<T>::operator()(const Var<T>& state, const Observer& observe) const {
    return observe("policy", tanh(mean(state)), [&] {
        return Shown{
            .symbol = "μ",
            .title = "Where to look next",
            .axes = {"glimpse", "place"},
            .step = {"aim", "μ = tanh(W h + b)",
                     "@policy[t,p] = tanh(sum_u(@policy.weight[p,u] * @state[t,u]) + @policy.bias[p])", "Mnih 2014, section 4"},
            .parameters = {{"@policy.weight", "W", {"place", "unit"}, mean.weight},
                           {"@policy.bias", "b", {"place"}, mean.bias}}};
    });
}

template <class T>
Var<T> gaussian_log_density(const Tensor<T>& place, const Var<T>& mean, T deviation) {
    if (place.shape() != mean.shape() || place.shape().rank() != 2)
        throw Error(ErrorCode::invalid_input,
                    fmt::format("gaussian_log_density: places {} and means {}", place.shape().str(), mean.shape().str()),
                    "both are [n, 2]");
    const Var<T> off = sub(mean, Var<T>(place));
    return scale(sum(mul(off, off), 1), T(-1) / (2 * deviation * deviation));
}

template struct GlimpseNetwork<float>;
template struct GlimpseNetwork<double>;
template struct GlimpseCore<float>;
template struct GlimpseCore<double>;
template struct LocationNetwork<float>;
template struct LocationNetwork<double>;
template Var<float> gaussian_log_density(const Tensor<float>&, const Var<float>&, float);
template Var<double> gaussian_log_density(const Tensor<double>&, const Var<double>&, double);

}  // namespace saccade
