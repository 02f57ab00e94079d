#include "attention/position_make.hpp"

// What several codes draw in the same way.

namespace saccade {

PositionSimilarity draw_added(const PositionScene& scene, const std::string& equation, const std::string& source) {
    const Index n = scene.length;
    const Tensor<float> added = scene.observe("code", scene.added, [&] {
        return Shown{.role = Role::embedding,
                     .symbol = "p",
                     .title = "Position code: added to the tokens",
                     .axes = {scene.tokens, "feature"},
                     .step = {"position", equation, "code[i,k] = " + scene.stack + "position[i,k]", source}};
    });
    Tensor<float> alike(Shape{n, n});
    for (Index i = 0; i < n; ++i)
        for (Index j = 0; j < n; ++j) {
            double sum = 0;
            for (Index k = 0; k < added.shape()[1]; ++k)
                sum += static_cast<double>(added.row(i).data()[k]) * static_cast<double>(added.row(j).data()[k]);
            alike.data()[i * n + j] = static_cast<float>(sum);
        }
    return {"Similarity: dot product of the codes", "sum_k(code[i,k] * code[j,k])", alike};
}

Tensor<float> mean_over_heads(const Tensor<float>& term) {
    if (term.empty()) return {};
    const Index heads = term.shape()[0], cells = term.size() / heads;
    Tensor<float> mean(term.shape().without(0));
    for (Index at = 0; at < cells; ++at) {
        double sum = 0;
        for (Index h = 0; h < heads; ++h) sum += static_cast<double>(term.data()[h * cells + at]);
        mean.data()[at] = static_cast<float>(sum / static_cast<double>(heads));
    }
    return mean;
}

}  // namespace saccade
