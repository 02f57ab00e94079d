#include "attention/channel_se.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

template <class T>
Var<T> SqueezeExcitation<T>::operator()(const Var<T>& features, const Onlooker<T>& onlooker) const {
    const Var<T> pooled = at_point(onlooker, "pooled", global_mean_pool(features));
    const Var<T> bottleneck = at_point(onlooker, "bottleneck", relu(affine(pooled, reduce, Var<T>())));
    const Var<T> scores = at_point(onlooker, "gate_scores", affine(bottleneck, expand, Var<T>()));
    const Var<T> gate = at_point(onlooker, "gate", sigmoid(scores));
    return at_point(onlooker, "refined", gate_channels(features, gate));
}

std::vector<BlockAttentionParameter> channel_gate_parameters(const BlockAttentionSizes& sizes) {
    const Index c = sizes.channels, h = sizes.hidden();
    return {{"reduce.weight", "W_1", {h, c}, {"hidden", "channel"}}, {"expand.weight", "W_2", {c, h}, {"channel", "hidden"}}};
}

template <class T>
Var<T> gate_channels(const Var<T>& features, const Var<T>& gate) {
    return scale_channels(features, gate);
}

template struct SqueezeExcitation<float>;
template struct SqueezeExcitation<double>;
template Var<float> gate_channels(const Var<float>&, const Var<float>&);
template Var<double> gate_channels(const Var<double>&, const Var<double>&);

}  // namespace saccade
