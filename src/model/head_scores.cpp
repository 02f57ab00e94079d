#include "model/head_scores.hpp"

#include <cmath>
#include <vector>

#include "tensor/gemm.hpp"

namespace saccade {

namespace {

/// For each token the places of its earlier occurrences.
std::vector<std::vector<Index>> earlier_occurrences(std::span<const Index> ids, Index skip) {
    std::vector<std::vector<Index>> earlier(ids.size());
    for (std::size_t i = static_cast<std::size_t>(skip); i < ids.size(); ++i)
        for (std::size_t j = static_cast<std::size_t>(skip); j < i; ++j)
            if (ids[j] == ids[i]) earlier[i].push_back(static_cast<Index>(j));
    return earlier;
}

double frobenius(const std::vector<float>& values) {
    double sum = 0;
    for (const float v : values) sum += static_cast<double>(v) * static_cast<double>(v);
    return std::sqrt(sum);
}

}  // namespace

HeadScores head_scores(const Tensor<float>& weights, std::span<const Index> ids, Index skip) {
    const Index layers = weights.shape()[0], heads = weights.shape()[1], n = weights.shape()[2];
    if (static_cast<Index>(ids.size()) != n || weights.shape()[3] != n)
        throw Error(ErrorCode::invalid_input, "head scores: weights have shape " + weights.shape().str() + " for " +
                                                  std::to_string(ids.size()) + " tokens");
    const auto earlier = earlier_occurrences(ids, skip);
    HeadScores scores{Tensor<float>(Shape{layers, heads}), Tensor<float>(Shape{layers, heads}),
                      Tensor<float>(Shape{layers, heads}), 0};
    for (const auto& places : earlier) scores.repeated += places.empty() ? 0 : 1;
    for (Index h = 0; h < layers * heads; ++h) {
        const float* w = weights.data() + h * n * n;
        double induction = 0, previous = 0, duplicate = 0;
        for (Index i = skip; i < n; ++i) {
            if (i > skip) previous += static_cast<double>(w[i * n + i - 1]);
            for (const Index j : earlier[static_cast<std::size_t>(i)]) {
                induction += static_cast<double>(w[i * n + j + 1]);
                duplicate += static_cast<double>(w[i * n + j]);
            }
        }
        const auto repeated = static_cast<double>(std::max<Index>(scores.repeated, 1));
        scores.induction.data()[h] = static_cast<float>(induction / repeated);
        scores.duplicate.data()[h] = static_cast<float>(duplicate / repeated);
        scores.previous.data()[h] = static_cast<float>(previous / static_cast<double>(std::max<Index>(n - skip - 1, 1)));
    }
    return scores;
}

Tensor<float> key_composition(const Tensor<float>& query, const Tensor<float>& key, const Tensor<float>& value,
                              const Tensor<float>& output, Index earlier, Index later) {
    const Index heads = query.shape()[1], unit = query.shape()[2], d = query.shape()[3];
    const auto size = static_cast<std::size_t>(d * d);
    std::vector<std::vector<float>> wrote(static_cast<std::size_t>(heads)), asked(wrote.size());
    for (Index h = 0; h < heads; ++h) {
        auto& ov = wrote[static_cast<std::size_t>(h)];
        auto& qk = asked[static_cast<std::size_t>(h)];
        ov.resize(size);
        qk.resize(size);
        gemm<float>(output.row(earlier).row(h).data(), value.row(earlier).row(h).data(), ov.data(), d, d, unit);
        gemm<float>(query.row(later).row(h).data(), key.row(later).row(h).data(), qk.data(), d, d, unit, {.transpose_a = true});
    }
    Tensor<float> composition(Shape{heads, heads});
    std::vector<float> both(size);
    for (Index e = 0; e < heads; ++e)
        for (Index l = 0; l < heads; ++l) {
            const auto &ov = wrote[static_cast<std::size_t>(e)], &qk = asked[static_cast<std::size_t>(l)];
            gemm<float>(qk.data(), ov.data(), both.data(), d, d, d);
            const double norms = frobenius(qk) * frobenius(ov);
            composition.data()[e * heads + l] = norms > 0 ? static_cast<float>(frobenius(both) / norms) : 0.0f;
        }
    return composition;
}

}  // namespace saccade
