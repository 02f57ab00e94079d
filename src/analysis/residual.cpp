#include "analysis/residual.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "analysis/catalogue.hpp"
#include "base/error.hpp"

namespace saccade {

namespace {

/// 0.5 A + 0.5 I, its rows brought to sum 1. [t, t].
void mix(const float* matrix, Index t, float* out) {
    for (Index i = 0; i < t; ++i) {
        double sum = 0.5;
        for (Index j = 0; j < t; ++j) {
            const float v = matrix[i * t + j];
            out[i * t + j] = std::isfinite(v) ? 0.5f * v : 0.0f;
            sum += static_cast<double>(out[i * t + j]);
        }
        out[i * t + i] += 0.5f;
        for (Index j = 0; j < t; ++j) out[i * t + j] = static_cast<float>(static_cast<double>(out[i * t + j]) / sum);
    }
}

}  // namespace

std::string with_heads(const std::string& suffix, const std::vector<Index>& heads) {
    return heads.empty() ? suffix : fmt::format("{}_of_{}", suffix, fmt::join(heads, "_"));
}

ResidualMaps residual_maps(const std::string& what, const Trace& trace, const TraceTensor& source,
                           const std::vector<Index>& heads) {
    Attention a = attention_of(source);
    if (!a.axes.square)
        throw Error(ErrorCode::invalid_input,
                    what + " goes through layers of self-attention: " + source.info.name + " reads other tokens",
                    "choose one layer, mean or max");
    ResidualMaps result;
    std::string mean;  // the name of what is mixed, below the source
    if (a.has_head()) {
        result.derived = mean_over_heads().derive(trace, source, heads);
        mean = "." + result.derived.tensors.back().suffix;
        const TraceTensor of_heads = placed(result.derived.tensors.back(), result.derived, source);
        a = attention_of(of_heads);
    }
    const Index t = a.queries();
    result.maps = Tensor<float>::uninitialized(Shape{a.layers(), t, t});
    for (Index l = 0; l < a.layers(); ++l) mix(a.map(l, 0).data(), t, result.maps.data() + l * t * t);
    DerivedTensor residual;
    residual.suffix = with_heads("residual", heads);
    residual.role = Role::weights;
    residual.symbol = "A'";
    residual.title = "Attention with its residual";
    residual.unit = "weight";
    residual.axes = attention_of(source).axes_at("lij");
    residual.values = a.has_layer() ? result.maps : result.maps.reshape(Shape{t, t});
    const auto cell = [&](const std::string& j) {
        std::string text = a.finite_cell("h", "i", j);
        for (std::size_t at = text.find('@'); at != std::string::npos; at = text.find('@', at + 1)) text.insert(at + 1, mean);
        return text;
    };
    result.mixed_name = "@." + residual.suffix;
    residual.step = {
        "mix",
        {},
        "A' = ½ A + ½ I, rows brought to sum 1",
        fmt::format("{}[{}] = ({} + (i == j)) / (1 + sum_k({}))", result.mixed_name, a.letters("lij"), cell("j"), cell("k")),
        "Abnar and Zuidema 2020, section 3.1"};
    result.derived.tensors.push_back(std::move(residual));
    result.attention = std::move(a);
    return result;
}

}  // namespace saccade
