#include "attention/spatial_cbam.hpp"

#include <fmt/core.h>

#include "autograd/ops.hpp"
#include "autograd/ops_image.hpp"

namespace saccade {

namespace {

Shape with_unit_axis(const Shape& map) {
    return map.with_inserted(map.rank(), 1);
}

}  // namespace

template <class T>
Var<T> CbamSpatial<T>::operator()(const Var<T>& features, const Observer& observe) const {
    const Index kernel = weight.shape()[2], reach = kernel / 2;
    if (observe) {
        observe.axis({"unit", AxisKind::channel, 1, {}, ""});
        observe.axis({"pooling", AxisKind::channel, 2, {"mean", "max"}, "p"});
        observe.axis({"kernel.y", AxisKind::y, kernel, {}, "u"});
        observe.axis({"kernel.x", AxisKind::x, kernel, {}, "v"});
    }
    const Var<T> mean_map = observe("mean_map", mean(features, -1), [] {
        return Shown{.symbol = "a",
                     .title = "Mean over c",
                     .axes = {"y", "x"},
                     .step = {"pool", "a = mean_c F'", "@mean_map[y,x] = mean_c(@refined[c,y,x])", "Woo 2018, eq. 3"}};
    });
    const Var<T> max_map = observe("max_map", max(features, -1), [] {
        return Shown{.symbol = "b",
                     .title = "Max over c",
                     .axes = {"y", "x"},
                     .step = {"pool", "b = max_c F'", "@max_map[y,x] = max_c(@refined[c,y,x])", "Woo 2018, eq. 3"}};
    });
    const Var<T> maps[] = {reshape(mean_map, with_unit_axis(mean_map.shape())),
                           reshape(max_map, with_unit_axis(max_map.shape()))};
    const ConvForm same{.stride = 1, .padding = reach, .groups = 1};
    const Var<T> convolved = reshape(conv2d(concat<T>(maps, -1), weight, bias, same), mean_map.shape());
    const Var<T> scores = observe("spatial_scores", convolved, [&] {
        return Shown{.role = Role::scores,
                     .symbol = "f",
                     .title = "Spatial scores",
                     .unit = "logit",
                     .axes = {"y", "x"},
                     .step = {"convolve", fmt::format("f = f_{0}×{0}([a; b])", kernel),
                              fmt::format("@spatial_scores[y,x] = sum_u(sum_v(@attention.spatial.weight[0,0,u,v] * "
                                          "(@mean_map[y+u-{0},x+v-{0}] else 0) + @attention.spatial.weight[0,1,u,v] * "
                                          "(@max_map[y+u-{0},x+v-{0}] else 0))) + @attention.spatial.bias[0]",
                                          reach),
                              "Woo 2018, eq. 3"},
                     .parameters = {{"@attention.spatial.weight", "K", {"unit", "pooling", "kernel.y", "kernel.x"}, weight},
                                    {"@attention.spatial.bias", "b", {"unit"}, bias}}};
    });
    const Var<T> map = observe("spatial", sigmoid(scores), [&] {
        return Shown{.role = Role::map,
                     .symbol = "M",
                     .title = "Spatial map",
                     .unit = "gate",
                     .axes = {"y", "x"},
                     .step = {"gate", fmt::format("M_s = σ(f_{0}×{0}([a; b]))", kernel),
                              "@spatial[y,x] = sigmoid(@spatial_scores[y,x])", "Woo 2018, eq. 3"}};
    });
    return observe("scaled", gate_places(features, map), [] {
        return Shown{.symbol = "F''",
                     .title = "Scaled",
                     .axes = {"channel", "y", "x"},
                     .step = {"scale", "F'' = M_s F'", "@scaled[c,y,x] = @spatial[y,x] * @refined[c,y,x]", "Woo 2018, eq. 1"},
                     .channels_last = true};
    });
}

std::vector<BlockAttentionParameter> spatial_map_parameters(const BlockAttentionSizes& sizes) {
    return {{"spatial.weight", {1, 2, sizes.kernel, sizes.kernel}}, {"spatial.bias", {1}}};
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
