#include "attention/channel_se.hpp"

#include <algorithm>

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

template <class T>
Var<T> SqueezeExcitation<T>::operator()(const Var<T>& features, const Observer& observe) const {
    if (observe) observe.axis({"hidden", AxisKind::feature, reduce.shape()[0], {}, "h"});
    const Var<T> pooled = observe("pooled", global_mean_pool(features), [] {
        return Shown{.symbol = "z",
                     .title = "Mean of each channel",
                     .axes = {"channel"},
                     .step = {"squeeze", "z_c = 1/(H W) Σ_yx F_c(y,x)", "@pooled[c] = mean_y(mean_x(@features[c,y,x]))",
                              "Hu 2018, eq. 2"}};
    });
    const Var<T> bottleneck = observe("bottleneck", relu(affine(pooled, reduce, Var<T>())), [&] {
        return Shown{.symbol = "u",
                     .title = "Bottleneck",
                     .axes = {"hidden"},
                     .step = {"excite", "u = relu(W_1 z)",
                              "@bottleneck[h] = relu(sum_c(@attention.reduce.weight[h,c] * @pooled[c]))", "Hu 2018, eq. 3"},
                     .parameters = {{"@attention.reduce.weight", "W_1", {"hidden", "channel"}, reduce}}};
    });
    const Var<T> computed = affine(bottleneck, expand, Var<T>());
    note_if_bottleneck_is_zero(observe, computed.value());
    const Var<T> scores = observe("gate_scores", computed, [&] {
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = "Channel scores",
                     .unit = "logit",
                     .axes = {"channel"},
                     .step = {"excite", "e = W_2 u", "@gate_scores[c] = sum_h(@attention.expand.weight[c,h] * @bottleneck[h])",
                              "Hu 2018, eq. 3"},
                     .parameters = {{"@attention.expand.weight", "W_2", {"channel", "hidden"}, expand}}};
    });
    const Var<T> gate = observe("gate", sigmoid(scores), [] {
        return Shown{.role = Role::gate,
                     .symbol = "s",
                     .title = "Channel gate",
                     .unit = "gate",
                     .axes = {"channel"},
                     .step = {"gate", "s = σ(W_2 relu(W_1 z))", "@gate[c] = sigmoid(@gate_scores[c])", "Hu 2018, eq. 3"}};
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
