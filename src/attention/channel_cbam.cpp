#include "attention/channel_cbam.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

template <class T>
Var<T> CbamChannel<T>::operator()(const Var<T>& features, const Observer& observe) const {
    if (observe) observe.axis({"hidden", AxisKind::feature, reduce.shape()[0], {}, "h"});
    const Var<T> pooled = observe("pooled", global_mean_pool(features), [] {
        return Shown{.symbol = "z",
                     .title = "Mean of each channel",
                     .axes = {"channel"},
                     .step = {"squeeze", "z_c = 1/(H W) Σ_yx F_c(y,x)", "@pooled[c] = mean_y(mean_x(@features[c,y,x]))",
                              "Woo 2018, eq. 2"}};
    });
    const Var<T> pooled_max = observe("pooled_max", global_max_pool(features), [] {
        return Shown{
            .symbol = "m",
            .title = "Maximum of each channel",
            .axes = {"channel"},
            .step = {"squeeze", "m_c = max_yx F_c(y,x)", "@pooled_max[c] = max_y(max_x(@features[c,y,x]))", "Woo 2018, eq. 2"}};
    });
    const Var<T> bottleneck = observe("bottleneck", relu(affine(pooled, reduce, Var<T>())), [&] {
        return Shown{.symbol = "u",
                     .title = "Bottleneck",
                     .axes = {"hidden"},
                     .step = {"excite", "u = relu(W_1 z)",
                              "@bottleneck[h] = relu(sum_c(@attention.reduce.weight[h,c] * @pooled[c]))", "Woo 2018, eq. 2"},
                     .parameters = {{"@attention.reduce.weight", "W_1", {"hidden", "channel"}, reduce}}};
    });
    const Var<T> bottleneck_max = observe("bottleneck_max", relu(affine(pooled_max, reduce, Var<T>())), [] {
        return Shown{
            .symbol = "u'",
            .title = "Bottleneck of the maxima",
            .axes = {"hidden"},
            .step = {"excite", "u' = relu(W_1 m)",
                     "@bottleneck_max[h] = relu(sum_c(@attention.reduce.weight[h,c] * @pooled_max[c]))", "Woo 2018, eq. 2"}};
    });
    // W_2 u + W_2 u' = W_2 (u + u'): one product less.
    const Var<T> computed = affine(add(bottleneck, bottleneck_max), expand, Var<T>());
    note_if_bottleneck_is_zero(observe, computed.value());
    const Var<T> scores = observe("gate_scores", computed, [&] {
        return Shown{.role = Role::scores,
                     .symbol = "e",
                     .title = "Channel scores",
                     .unit = "logit",
                     .axes = {"channel"},
                     .step = {"excite", "e = W_2 u + W_2 u'",
                              "@gate_scores[c] = sum_h(@attention.expand.weight[c,h] * (@bottleneck[h] + @bottleneck_max[h]))",
                              "Woo 2018, eq. 2"},
                     .parameters = {{"@attention.expand.weight", "W_2", {"channel", "hidden"}, expand}}};
    });
    const Var<T> gate = observe("gate", sigmoid(scores), [] {
        return Shown{.role = Role::gate,
                     .symbol = "s",
                     .title = "Channel gate",
                     .unit = "gate",
                     .axes = {"channel"},
                     .step = {"gate", "M_c = σ(W_2 relu(W_1 z) + W_2 relu(W_1 m))", "@gate[c] = sigmoid(@gate_scores[c])",
                              "Woo 2018, eq. 2"}};
    });
    return observe("refined", gate_channels(features, gate), [] {
        return Shown{.symbol = "F'",
                     .title = "Gated",
                     .axes = {"channel", "y", "x"},
                     .step = {"scale", "F' = M_c F", "@refined[c,y,x] = @gate[c] * @features[c,y,x]", "Woo 2018, eq. 1"},
                     .channels_last = true};
    });
}

template struct CbamChannel<float>;
template struct CbamChannel<double>;

}  // namespace saccade
