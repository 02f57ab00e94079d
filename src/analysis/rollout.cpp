#include <fmt/format.h>

#include "analysis/catalogue.hpp"
#include "analysis/residual.hpp"
#include "tensor/gemm.hpp"

// Attention rollout (Abnar and Zuidema 2020, eq. 1): how much of input j is in token i after each layer, if attention and the
// residual connection alone carried it.
//
//   R_l = A'_l R_{l-1},   R_0 = I,   A' = 1/2 A + 1/2 I, its rows brought to sum 1

namespace saccade {

namespace {

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->layer >= 0 && !refuses_layers("rollout", tensor);
}

Derived derive(const Trace& trace, const TraceTensor& source, const std::vector<Index>& heads) {
    ResidualMaps mixed = residual_maps("rollout", trace, source, heads);
    const Index layers = mixed.maps.shape()[0], t = mixed.maps.shape()[1];
    DerivedTensor result;
    result.suffix = with_heads("rollout", heads);
    result.role = Role::weights;
    result.symbol = "R";
    result.title = "Attention rollout";
    result.unit = "weight";
    result.axes = mixed.derived.tensors.back().axes;
    Tensor<float> product = mixed.maps.clone();
    for (Index l = 1; l < layers; ++l)
        gemm<float>(mixed.maps.data() + l * t * t, product.data() + (l - 1) * t * t, product.data() + l * t * t, t, t, t);
    const bool has_layer = mixed.attention.has_layer();
    result.values = has_layer ? product : product.reshape(Shape{t, t});
    const std::string name = "@." + result.suffix;
    result.step = {"roll out",
                   {},
                   rollout().formula,
                   has_layer
                       ? fmt::format("{0}[l,i,j] = sum_k({1}[l,i,k] * ({0}[l-1,k,j] else (k == j)))", name, mixed.mixed_name)
                       : fmt::format("{}[i,j] = {}[i,j]", name, mixed.mixed_name),
                   rollout().source};
    mixed.derived.tensors.push_back(std::move(result));
    return std::move(mixed.derived);
}

}  // namespace

Analysis rollout() {
    return {"rollout",
            "What passed through all layers, with the residual beside the attention",
            "Abnar and Zuidema 2020, eq. 1",
            "R_l = A'_l R_{l−1}, R_0 = I, A' = ½ A + ½ I, its rows brought to sum 1",
            accepts,
            derive,
            {"residual"}};
}

}  // namespace saccade
