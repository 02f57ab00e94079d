#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/catalogue.hpp"
#include "analysis/join_maps.hpp"
#include "base/error.hpp"

// Gradient x attention (Barkan 2021; Chefer 2021, eq. 5): of what each head read, the part that raised the output.
//
//   gradient_attention[l,i,j] = 1/H sum_h max(0, dy/dA[l,h,i,j] A[l,h,i,j])

namespace saccade {

namespace {

constexpr float masked = -std::numeric_limits<float>::infinity();

/// Null if the run recorded none.
const TraceTensor* gradient_of(const Trace& trace, const TraceTensor& tensor) {
    const TraceTensor* gradient = trace.find(tensor.info.name + ".gradient");
    return gradient != nullptr && gradient->info.axes == tensor.info.axes ? gradient : nullptr;
}

bool accepts(const Trace& trace, const TraceTensor& tensor) {
    return attention_axes(tensor) && tensor.info.role == Role::weights && gradient_of(trace, tensor) != nullptr;
}

Tensor<float> positive_products(const Attention& a, const Tensor<float>& gradients, const std::vector<Index>& which) {
    const Index cells = a.queries() * a.keys();
    Tensor<float> result = Tensor<float>::uninitialized(Shape{a.layers(), a.queries(), a.keys()});
    for (Index l = 0; l < a.layers(); ++l) {
        const Tensor<float> heads = a.of(l);
        std::vector<Tensor<float>> products;
        std::vector<const float*> maps;
        for (const Index h : which) {
            Tensor<float>& product = products.emplace_back(Tensor<float>::uninitialized(Shape{a.queries(), a.keys()}));
            const float* weights = heads.row(h).data();
            const float* gradient = gradients.data() + (l * a.heads() + h) * cells;
            for (Index i = 0; i < cells; ++i)
                product.data()[i] = std::isfinite(weights[i]) ? std::max(0.0f, weights[i] * gradient[i]) : masked;
            maps.push_back(product.data());
        }
        mean_of(maps, a.queries(), a.keys(), result.data() + l * cells);
    }
    return a.has_layer() ? result : result.reshape(Shape{a.queries(), a.keys()});
}

Derived derive(const Trace& trace, const TraceTensor& source, const std::vector<Index>& numbers) {
    const Attention a = attention_of(source);
    const TraceTensor* gradient = gradient_of(trace, source);
    if (gradient == nullptr)
        throw Error(ErrorCode::invalid_input, "this run recorded no gradient of " + source.info.name,
                    "combine heads by mean or max");
    const std::vector<Index> which = heads_of(numbers, a.heads());
    DerivedTensor result;
    result.suffix = suffix_of(gradient_attention(), numbers);
    result.role = Role::state;
    result.symbol = "Ā⁺";
    result.title = "Gradient × attention, positive part, mean over heads";
    result.axes = a.axes_at("lij");
    result.values = positive_products(a, gradient->values, which);
    std::string slope = a.cell();
    slope.insert(1, ".gradient");
    std::string product = fmt::format("max(0, {} * {})", slope, a.cell());
    if (!a.finite) product = fmt::format("where({} > -inf, {}, -inf)", a.cell(), product);
    result.step = {"combine",
                   {},
                   gradient_attention().formula,
                   fmt::format("@.{}[{}] = {}", result.suffix, a.letters("lij"),
                               a.has_head() ? mean_rule('h', product, which, a.heads(), a.finite) : product),
                   gradient_attention().source};
    return {{}, {std::move(result)}};
}

}  // namespace

Analysis gradient_attention() {
    return {"gradient_attention",
            "What each layer read that raised the output",
            "Chefer 2021, eq. 5",
            "Ā = 1/H Σ_h (∂y/∂A_h ⊙ A_h)⁺",
            accepts,
            derive,
            {},
            true};
}

}  // namespace saccade
