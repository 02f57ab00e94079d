#include "attention/spatial_cbam.hpp"

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

namespace {

Shape with_unit_axis(const Shape& map) {
    return map.with_inserted(map.rank(), 1);
}

}  // namespace

template <class T>
Var<T> CbamSpatial<T>::operator()(const Var<T>& features, const Onlooker<T>& onlooker) const {
    const Var<T> mean_map = at_point(onlooker, "mean_map", mean(features, -1));
    const Var<T> max_map = at_point(onlooker, "max_map", max(features, -1));
    const Var<T> maps[] = {reshape(mean_map, with_unit_axis(mean_map.shape())),
                           reshape(max_map, with_unit_axis(max_map.shape()))};
    const ConvForm same{.stride = 1, .padding = weight.shape()[2] / 2, .groups = 1};
    const Var<T> convolved = conv2d(concat<T>(maps, -1), weight, bias, same);
    const Var<T> scores = at_point(onlooker, "spatial_scores", reshape(convolved, mean_map.shape()));
    const Var<T> map = at_point(onlooker, "spatial", sigmoid(scores));
    return at_point(onlooker, "scaled", gate_places(features, map));
}

std::vector<BlockAttentionParameter> spatial_map_parameters(const BlockAttentionSizes& sizes) {
    return {{"spatial.weight", "K", {1, 2, sizes.kernel, sizes.kernel}, {"unit", "pooling", "kernel.y", "kernel.x"}},
            {"spatial.bias", "b", {1}, {"unit"}}};
}

template <class T>
Var<T> gate_places(const Var<T>& features, const Var<T>& map) {
    return scale_places(features, map);
}

template struct CbamSpatial<float>;
template struct CbamSpatial<double>;
template Var<float> gate_places(const Var<float>&, const Var<float>&);
template Var<double> gate_places(const Var<double>&, const Var<double>&);

}  // namespace saccade
