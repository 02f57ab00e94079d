#include "attention/channel_se.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "autograd/ops_hard.hpp"
#include "autograd/ops_image.hpp"
#include "nn/activation.hpp"
#include "nn/rules.hpp"

namespace saccade {

namespace {

/// A layer of the gate: "W_1 z", its parameters and its rule, with a bias where there is one.
template <class T>
struct GateLayer {
    const char *name, *symbol, *bias_symbol;  // "@attention.reduce"
    char unit, over;                          // letters: of what it gives, and of what it reads
    const Var<T>&weight, &bias;

    std::string formula(const std::string& x) const {
        return fmt::format("{} {}{}", symbol, x, bias.empty() ? "" : fmt::format(" + {}", bias_symbol));
    }
    std::string rule(const std::string& x) const {
        const std::string added = bias.empty() ? "" : fmt::format("{}.bias[{}]", name, unit);
        return rules::linear(over, fmt::format("{}.weight[{},{}]", name, unit, over), fmt::format("{}[{}]", x, over), added);
    }
    std::vector<Parameter> parameters(const std::string& unit_axis, const std::string& over_axis) const {
        std::vector<Parameter> all = {{std::string(name) + ".weight", symbol, {unit_axis, over_axis}, weight}};
        if (!bias.empty()) all.push_back({std::string(name) + ".bias", bias_symbol, {unit_axis}, bias});
        return all;
    }
};

}  // namespace

template <class T>
Var<T> SqueezeExcitation<T>::operator()(const Var<T>& features, const Observer& observe) const {
    const GateLayer<T> first{"@attention.reduce", "W_1", "b_1", 'h', 'c', reduce, reduce_bias},
        second{"@attention.expand", "W_2", "b_2", 'c', 'h', expand, expand_bias};
    const std::string squashed = hard ? "hardσ" : "σ";
    if (observe) observe.axis({"hidden", AxisKind::feature, reduce.shape()[0], {}, "h"});
    const Var<T> pooled = observe("pooled", global_mean_pool(features), [] {
        return Shown{.symbol = "z",
                     .title = "Mean of each channel",
                     .axes = {"channel"},
                     .step = {"squeeze", "z_c = 1/(H W) Σ_yx F_c(y,x)", "@pooled[c] = mean_y(mean_x(@features[c,y,x]))",
                              "Hu 2018, eq. 2"}};
    });
    const Activation& between = saccade::activation(activation);
    const Var<T> bottleneck = observe("bottleneck", between(affine(pooled, reduce, reduce_bias)), [&] {
        return Shown{.symbol = "u",
                     .title = "Bottleneck",
                     .axes = {"hidden"},
                     .step = {"excite", fmt::format("u = {}({})", activation, first.formula("z")),
                              fmt::format("@bottleneck[h] = {}({})", activation, first.rule("@pooled")), "Hu 2018, eq. 3"},
                     .parameters = first.parameters("hidden", "channel")};
    });
    const Var<T> computed = affine(bottleneck, expand, expand_bias);
    note_if_bottleneck_is_zero(observe, computed.value());
    const Var<T> scores = observe("gate_scores", computed, [&] {
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = "Channel scores",
                     .unit = "logit",
                     .axes = {"channel"},
                     .step = {"excite", "e = " + second.formula("u"), "@gate_scores[c] = " + second.rule("@bottleneck"),
                              "Hu 2018, eq. 3"},
                     .parameters = second.parameters("channel", "hidden")};
    });
    const Var<T> gate = observe("gate", hard ? hard_sigmoid(scores) : sigmoid(scores), [&] {
        return Shown{.role = Role::gate,
                     .symbol = "s",
                     .title = "Channel gate",
                     .unit = "gate",
                     .axes = {"channel"},
                     .step = {"gate",
                              reduce_bias.empty() && expand_bias.empty() && !hard && activation == "relu"
                                  ? "s = σ(W_2 relu(W_1 z))"
                                  : fmt::format("s = {}(e)", squashed),
                              fmt::format("@gate[c] = {}(@gate_scores[c])", hard ? "hard_sigmoid" : "sigmoid"),
                              hard ? "Howard 2019, section 5.3" : "Hu 2018, eq. 3"}};
    });
    return observe("refined", gate_channels(features, gate), [] {
        return Shown{.symbol = "F'",
                     .title = "Gated",
                     .axes = {"channel", "y", "x"},
                     .step = {"scale", "F'_c = s_c F_c", "@refined[c,y,x] = @gate[c] * @features[c,y,x]", "Hu 2018, eq. 4"},
                     .channels_last = true};
    });
}

template <class T>
void note_if_bottleneck_is_zero(const Observer& observe, const Tensor<T>& scores) {
    if (!observe || !std::ranges::all_of(scores.values(), [](T v) { return v == 0; })) return;
    observe.note({"block",
                  "every unit of the bottleneck is 0 here: the gate is 0.5 for all channels, whatever the picture shows",
                  "choose another block or another picture"});
}

std::vector<BlockAttentionParameter> channel_gate_parameters(const BlockAttentionSizes& sizes) {
    const Index c = sizes.channels, h = sizes.hidden();
    return {{"reduce.weight", {h, c}}, {"expand.weight", {c, h}}};
}

template <class T>
Var<T> gate_channels(const Var<T>& features, const Var<T>& gate) {
    return scale_channels(features, gate);
}

template struct SqueezeExcitation<float>;
template struct SqueezeExcitation<double>;
template void note_if_bottleneck_is_zero(const Observer&, const Tensor<float>&);
template void note_if_bottleneck_is_zero(const Observer&, const Tensor<double>&);
template Var<float> gate_channels(const Var<float>&, const Var<float>&);
template Var<double> gate_channels(const Var<double>&, const Var<double>&);

}  // namespace saccade
