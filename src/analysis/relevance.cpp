#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/catalogue.hpp"
#include "analysis/residual.hpp"
#include "base/error.hpp"
#include "tensor/gemm.hpp"

// Relevance (Chefer 2021, eq. 6): gradient x attention followed through the layers, each token's own relevance kept beside it.
//
//   R_l = R_{l-1} + A+_l R_{l-1},   R_0 = I

namespace saccade {

namespace {

bool accepts(const Trace& trace, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->layer >= 0 && !refuses_layers("relevance", tensor) && gradient_attention().accepts(trace, tensor);
}

/// maps [n, t, t]; masked cells count as 0.
Tensor<float> followed(const Tensor<float>& maps) {
    const Index n = maps.shape()[0], t = maps.shape()[1];
    Tensor<float> finite = maps.clone();
    for (float& v : finite.values())
        if (!std::isfinite(v)) v = 0;
    Tensor<float> relevance(maps.shape());
    Tensor<float> before(Shape{t, t});
    for (Index i = 0; i < t; ++i) before.data()[i * t + i] = 1;
    for (Index l = 0; l < n; ++l) {
        float* after = relevance.data() + l * t * t;
        std::copy_n(before.data(), t * t, after);
        gemm<float>(finite.data() + l * t * t, before.data(), after, t, t, t, {false, false, true});
        std::copy_n(after, t * t, before.data());
    }
    return relevance;
}

Derived derive(const Trace& trace, const TraceTensor& source, const std::vector<Index>& heads) {
    const Attention a = attention_of(source);
    if (const auto refusal = refuses_layers("relevance", source)) throw Error(*refusal);
    Derived derived = gradient_attention().derive(trace, source, heads);
    const std::string of = "@." + derived.tensors.back().suffix, name = "@." + with_heads("relevance", heads);
    const Tensor<float>& maps = derived.tensors.back().values;
    const Index t = a.queries();
    DerivedTensor result;
    result.suffix = with_heads("relevance", heads);
    result.role = Role::state;
    result.symbol = "R";
    result.title = "Relevance";
    result.axes = a.axes_at("lij");
    const Tensor<float> values = followed(maps.reshape(Shape{a.layers(), t, t}));
    result.values = a.has_layer() ? values : values.reshape(Shape{t, t});
    const std::string read = of + (a.has_layer() ? "[l,i,k]" : "[i,k]"), used = a.finite ? read : zero_if_masked(read);
    result.step = {"roll out",
                   {},
                   relevance().formula,
                   a.has_layer() ? fmt::format("{0}[l,i,j] = ({0}[l-1,i,j] else (i == j)) + "
                                               "sum_k({1} * ({0}[l-1,k,j] else (k == j)))",
                                               name, used)
                                 : fmt::format("{}[i,j] = (i == j) + sum_k({} * (k == j))", name, used),
                   relevance().source};
    derived.tensors.push_back(std::move(result));
    return derived;
}

}  // namespace

Analysis relevance() {
    return {"relevance",
            "Gradient × attention, followed through all layers",
            "Chefer 2021, eq. 6",
            "R_l = R_{l−1} + Ā_l R_{l−1}, R_0 = I",
            accepts,
            derive,
            {},
            true};
}

}  // namespace saccade
