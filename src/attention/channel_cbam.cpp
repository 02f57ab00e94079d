#include "attention/channel_cbam.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

template <class T>
Var<T> CbamChannel<T>::operator()(const Var<T>& features, const Onlooker<T>& onlooker) const {
    const Var<T> pooled = at_point(onlooker, "pooled", global_mean_pool(features));
    const Var<T> pooled_max = at_point(onlooker, "pooled_max", global_max_pool(features));
    const Var<T> bottleneck = at_point(onlooker, "bottleneck", relu(affine(pooled, reduce, Var<T>())));
    const Var<T> bottleneck_max = at_point(onlooker, "bottleneck_max", relu(affine(pooled_max, reduce, Var<T>())));
    // W_1 a + W_1 b = W_1 (a + b): one product less.
    const Var<T> scores = at_point(onlooker, "gate_scores", affine(add(bottleneck, bottleneck_max), expand, Var<T>()));
    const Var<T> gate = at_point(onlooker, "gate", sigmoid(scores));
    return at_point(onlooker, "refined", gate_channels(features, gate));
}

template struct CbamChannel<float>;
template struct CbamChannel<double>;

}  // namespace saccade
