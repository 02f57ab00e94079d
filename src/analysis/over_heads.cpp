#include <fmt/format.h>

#include "analysis/catalogue.hpp"
#include "analysis/join_maps.hpp"

// The heads of each layer made one map. The mean is what attention rollout (Abnar and Zuidema 2020) and most figures
// start from: rows of weights still sum to 1. The largest shows where any head looks; its rows sum to more.
//
//   mean[l,i,j] = 1/H sum_h A[l,h,i,j]          max[l,i,j] = max_h A[l,h,i,j]

namespace saccade {

namespace {

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->head >= 0 && (tensor.info.role == Role::weights || tensor.info.role == Role::scores);
}

template <class Join>
Tensor<float> joined(const Attention& a, const std::vector<Index>& which, const Join& join) {
    Tensor<float> result = Tensor<float>::uninitialized(Shape{a.layers(), a.queries(), a.keys()});
    for (Index l = 0; l < a.layers(); ++l) {
        const Tensor<float> heads = a.of(l);
        std::vector<const float*> maps;
        for (const Index h : which) maps.push_back(heads.row(h).data());
        join(maps, a.queries(), a.keys(), result.data() + l * a.queries() * a.keys());
    }
    return a.has_layer() ? result : result.reshape(Shape{a.queries(), a.keys()});
}

DerivedTensor described(const Attention& a, const TraceTensor& source, const Analysis& of, const std::vector<Index>& numbers,
                        Tensor<float> values) {
    DerivedTensor result;
    result.suffix = suffix_of(of, numbers);
    result.role = role_of_rows(source.info.role, values);
    result.unit = source.info.unit;
    result.axes = a.axes_at("lij");
    result.values = std::move(values);
    return result;
}

Derived derive_mean(const Trace&, const TraceTensor& source, const std::vector<Index>& numbers) {
    const Attention a = attention_of(source);
    const std::vector<Index> which = heads_of(numbers, a.heads());
    DerivedTensor mean = described(a, source, mean_over_heads(), numbers, joined(a, which, mean_of));
    mean.symbol = "Ā";
    mean.title = source.info.title + ", mean over heads";
    const std::string cell = a.cell();
    mean.step = {"combine",
                 {},
                 mean_over_heads().formula,
                 fmt::format("@.{}[{}] = {}", mean.suffix, a.letters("lij"),
                             a.has_head() ? mean_rule('h', cell, which, a.heads(), a.finite) : cell),
                 mean_over_heads().source};
    return {{}, {std::move(mean)}};
}

Derived derive_max(const Trace&, const TraceTensor& source, const std::vector<Index>& numbers) {
    const Attention a = attention_of(source);
    const std::vector<Index> which = heads_of(numbers, a.heads());
    DerivedTensor most = described(a, source, max_over_heads(), numbers, joined(a, which, max_of));
    most.symbol = "A⌃";
    most.title = source.info.title + ", largest of the heads";
    const std::string cell = a.cell();
    most.step = {"combine",
                 {},
                 max_over_heads().formula,
                 fmt::format("@.{}[{}] = {}", most.suffix, a.letters("lij"),
                             a.has_head() ? max_rule('h', cell, which, a.heads()) : cell),
                 max_over_heads().source};
    return {{}, {std::move(most)}};
}

}  // namespace

Analysis mean_over_heads() {
    return {"mean",     "Mean over the heads of each layer", "Abnar and Zuidema 2020", "Ā_ij = 1/H Σ_h A_h,ij", accepts,
            derive_mean};
}

Analysis max_over_heads() {
    return {"max", "Largest weight of the heads of each layer", "", "A_ij = max_h A_h,ij", accepts, derive_max};
}

}  // namespace saccade
