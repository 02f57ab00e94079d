#include "train/caption_losses.hpp"

#include <cmath>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

constexpr float smallest = 1e-8f;  // keeps logarithms finite

/// Which examples are still inside their caption at a step: [B, 1].
Tensor<float> inside(const PaddedTargets& targets, Index t) {
    const auto size = static_cast<Index>(targets.ids.size()) / targets.length;
    const auto start = static_cast<std::size_t>(t * size);
    return Tensor<float>::from({size, 1}, std::span(targets.counts).subspan(start, static_cast<std::size_t>(size)));
}

/// r_t of each example: [steps * B], time-major.
std::vector<float> rewards(const Tensor<float>& logits, const PaddedTargets& targets, double discount) {
    const Tensor<float> log_p = log_softmax(Var<float>(logits)).value();
    const std::size_t size = targets.ids.size() / static_cast<std::size_t>(targets.length);
    std::vector<float> r(targets.ids.size());
    for (std::size_t i = targets.ids.size(); i-- > 0;) {
        const float own = targets.counts[i] * log_p.data()[static_cast<Index>(i) * log_p.shape()[1] + targets.ids[i]];
        const float later = i + size < r.size() ? r[i + size] : 0.0f;
        r[i] = own + static_cast<float>(discount) * later;
    }
    return r;
}

}  // namespace

Var<float> doubly_stochastic_loss(const std::vector<Captioner<float>::Step>& steps, const PaddedTargets& targets) {
    Var<float> coverage;
    for (std::size_t t = 0; t < steps.size(); ++t) {
        const Var<float> own = mul(steps[t].policy, Var<float>(inside(targets, static_cast<Index>(t))));
        coverage = coverage.empty() ? own : add(coverage, own);
    }
    const Var<float> missing = add_scalar(scale(coverage, -1.0f), 1.0f);
    return scale(sum_all(mul(missing, missing)), 1.0f / static_cast<float>(coverage.shape().size()));
}

Var<float> reinforce_loss(const std::vector<Captioner<float>::Step>& steps, const Tensor<float>& logits,
                          const PaddedTargets& targets, const Var<float>& baseline, const ReinforceSettings& settings) {
    const std::vector<float> reward = rewards(logits, targets, settings.discount);
    const auto size = static_cast<Index>(targets.ids.size()) / targets.length;
    Var<float> total = Tensor<float>::scalar(0);
    float rows = 0;
    for (Index t = 0; t < targets.length; ++t) {
        const auto& step = steps[static_cast<std::size_t>(t)];
        const float b = baseline_unit * baseline.value().data()[t];
        Tensor<float> advantage(Shape{size}), counts(Shape{size}), own(Shape{size});
        for (Index n = 0; n < size; ++n) {
            const auto at = static_cast<std::size_t>(t * size + n);
            const auto drawn = step.sampled.row(n);
            bool sampled = false;
            for (const float v : drawn.values()) sampled = sampled || v != 0.0f;
            counts.data()[n] = sampled ? targets.counts[at] : 0.0f;
            advantage.data()[n] = counts.data()[n] * (reward[at] - b);
            own.data()[n] = reward[at];
            rows += counts.data()[n];
        }
        const Var<float> chosen = log(add_scalar(sum(mul(step.policy, Var<float>(step.sampled)), 1), smallest));
        const Var<float> disorder = sum(mul(step.policy, log(add_scalar(step.policy, smallest))), 1);
        total = sub(total, scale(sum_all(mul(chosen, Var<float>(advantage))), static_cast<float>(settings.weight)));
        total = add(total, scale(sum_all(mul(disorder, Var<float>(counts))), static_cast<float>(settings.entropy)));
        const Var<float> off = sub(Var<float>(own), scale(slice(baseline, 0, t, 1), baseline_unit));
        total = add(total, scale(sum_all(mul(mul(off, off), Var<float>(counts))), 0.01f));
    }
    return rows == 0 ? total : scale(total, 1.0f / rows);
}

}  // namespace saccade
