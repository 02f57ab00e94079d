#include <fmt/format.h>

#include "analysis/catalogue.hpp"
#include "analysis/join_maps.hpp"

// The layers made one map, head by head where there are heads.
//
//   layers_mean[h,i,j] = 1/L sum_l A[l,h,i,j]          layers_max[h,i,j] = max_l A[l,h,i,j]

namespace saccade {

namespace {

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->layer >= 0 && (tensor.info.role == Role::weights || tensor.info.role == Role::scores);
}

using Join = void (*)(const std::vector<const float*>&, Index, Index, float*);

Tensor<float> joined(const Attention& a, Join join) {
    Tensor<float> result = Tensor<float>::uninitialized(Shape{a.heads(), a.queries(), a.keys()});
    const Tensor<float> all = a.maps();
    for (Index h = 0; h < a.heads(); ++h) {
        std::vector<const float*> maps;
        for (Index l = 0; l < a.layers(); ++l) maps.push_back(all.row(l).row(h).data());
        join(maps, a.queries(), a.keys(), result.data() + h * a.queries() * a.keys());
    }
    return a.has_head() ? result : result.reshape(Shape{a.queries(), a.keys()});
}

Derived derive(const TraceTensor& source, const Analysis& of, Join join, const std::string& what, bool mean) {
    const Attention a = attention_of(source);
    const std::vector<Index> all = heads_of({}, a.layers());
    DerivedTensor result;
    result.suffix = of.id;
    result.values = joined(a, join);
    result.role = role_of_rows(source.info.role, result.values);
    result.symbol = mean ? "Ā" : "A⌃";
    result.title = source.info.title + what;
    result.unit = source.info.unit;
    result.axes = a.axes_at("hij");
    const std::string cell = a.cell();
    const std::string over = mean ? mean_rule('l', cell, all, a.layers(), a.finite) : max_rule('l', cell, all, a.layers());
    result.step = {"combine",
                   {},
                   of.formula,
                   fmt::format("@.{}[{}] = {}", result.suffix, a.letters("hij"), a.has_layer() ? over : cell),
                   of.source};
    return {{}, {std::move(result)}};
}

Derived derive_mean(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    return derive(source, mean_over_layers(), mean_of, ", mean over layers", true);
}

Derived derive_max(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    return derive(source, max_over_layers(), max_of, ", largest of the layers", false);
}

}  // namespace

Analysis mean_over_layers() {
    return {"layers_mean", "Mean over the layers", "", "Ā_ij = 1/L Σ_l A_l,ij", accepts, derive_mean};
}

Analysis max_over_layers() {
    return {"layers_max", "Largest weight of the layers", "", "A_ij = max_l A_l,ij", accepts, derive_max};
}

}  // namespace saccade
