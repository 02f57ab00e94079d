#include <fmt/format.h>

#include <limits>

#include "analysis/catalogue.hpp"
#include "analysis/join_maps.hpp"
#include "base/parallel.hpp"
#include "tensor/eigen.hpp"

// The layers made one map, head by head where there are heads.
//
//   layers_mean[h,i,j] = 1/L sum_l A[l,h,i,j]          layers_max[h,i,j] = max_l A[l,h,i,j]

namespace saccade {

namespace {

bool accepts(const Trace&, const TraceTensor& tensor) {
    const auto axes = attention_axes(tensor);
    return axes && axes->layer >= 0 && (tensor.info.role == Role::weights || tensor.info.role == Role::scores);
}

using Cells = Eigen::Array<float, 1, Eigen::Dynamic>;

/// Layer after layer, each of which may be made only now: of the finite values at each cell; masked where there are none.
Tensor<float> joined(const Attention& a, bool mean) {
    constexpr float most = std::numeric_limits<float>::max();
    const Shape shape{a.heads(), a.queries(), a.keys()};
    const float start = mean ? 0.0f : std::numeric_limits<float>::lowest();
    Tensor<float> result(shape, start), seen(shape);
    const Index cells = a.queries() * a.keys();
    const auto of_head = [cells](Tensor<float>& all, Index h) { return Eigen::Map<Cells>(all.data() + h * cells, cells); };
    for (Index l = 0; l < a.layers(); ++l) {
        const Tensor<float> heads = a.of(l);
        parallel_for(a.heads(), [&](Index h) {
            const Eigen::Map<const Cells> map(heads.data() + h * cells, cells);
            const auto finite = (map.abs() <= most).select(map, start);
            Eigen::Map<Cells> so_far = of_head(result, h);
            if (mean)
                so_far += finite;
            else
                so_far = so_far.max(finite);
            of_head(seen, h) += (map.abs() <= most).select(Cells::Ones(cells), 0.0f);
        });
    }
    parallel_for(a.heads(), [&](Index h) {
        Eigen::Map<Cells> all = of_head(result, h);
        const Eigen::Map<Cells> count = of_head(seen, h);
        if (mean) all /= count.max(1.0f);
        all = (count > 0.0f).select(all, -std::numeric_limits<float>::infinity());
    });
    return a.has_head() ? result : result.reshape(Shape{a.queries(), a.keys()});
}

Derived derive(const TraceTensor& source, const Analysis& of, const std::string& what, bool mean) {
    const Attention a = attention_of(source);
    const std::vector<Index> all = heads_of({}, a.layers());
    DerivedTensor result;
    result.suffix = of.id;
    result.values = joined(a, mean);
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
    return derive(source, mean_over_layers(), ", mean over layers", true);
}

Derived derive_max(const Trace&, const TraceTensor& source, const std::vector<Index>&) {
    return derive(source, max_over_layers(), ", largest of the layers", false);
}

}  // namespace

Analysis mean_over_layers() {
    return {"layers_mean", "Mean over the layers", "", "Ā_ij = 1/L Σ_l A_l,ij", accepts, derive_mean};
}

Analysis max_over_layers() {
    return {"layers_max", "Largest weight of the layers", "", "A_ij = max_l A_l,ij", accepts, derive_max};
}

}  // namespace saccade
