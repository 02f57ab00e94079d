#include "train/attention_losses.hpp"

#include <algorithm>
#include <numeric>
#include <span>

#include "autograd/ops.hpp"

namespace saccade {

namespace {

constexpr float smallest = 1e-6f;  // keeps the logarithm of a weight that vanished finite

bool is_one_hot(const Tensor<float>& weights) {
    return std::ranges::all_of(weights.values(), [](float v) { return v == 0.0f || v == 1.0f; });
}

/// r - b with the leave-one-out mean as b: [B].
Tensor<float> advantages(std::span<const float> rewards) {
    const auto size = static_cast<Index>(rewards.size());
    const float total = std::accumulate(rewards.begin(), rewards.end(), 0.0f);
    Tensor<float> a(Shape{size});
    for (Index b = 0; b < size && size > 1; ++b) {
        const float own = rewards[static_cast<std::size_t>(b)];
        a.data()[b] = own - (total - own) / static_cast<float>(size - 1);
    }
    return a;
}

}  // namespace

Var<float> alignment_loss(const std::vector<Var<float>>& weights, const std::vector<float>& gold) {
    const Var<float> all = concat<float>(weights, 0);
    const Var<float> mass = sum(mul(all, Var<float>(Tensor<float>::from(all.shape(), gold))), 1);
    return scale(sum_all(log(add_scalar(mass, smallest))), -1.0f / static_cast<float>(all.shape()[0]));
}

Var<float> reinforce_loss(const std::vector<Var<float>>& scores, const std::vector<Var<float>>& sampled,
                          const std::vector<float>& rewards, const Tensor<float>& mask, float entropy_weight) {
    Var<float> total = Tensor<float>::scalar(0);
    Index rows = 0;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        if (!is_one_hot(sampled[i].value())) continue;
        const Index size = scores[i].shape()[0];
        const Var<float> policy = mask.empty() ? softmax(scores[i]) : softmax(scores[i], mask);
        const Var<float> chosen = sum(mul(policy, Var<float>(sampled[i].value())), 1);
        const Tensor<float> a =
            advantages(std::span(rewards).subspan(i * static_cast<std::size_t>(size), static_cast<std::size_t>(size)));
        const Var<float> taught = mul(log(add_scalar(chosen, smallest)), Var<float>(a));
        const Var<float> negative_entropy = sum_all(mul(policy, log(add_scalar(policy, smallest))));
        total = add(total, sub(scale(negative_entropy, entropy_weight), sum_all(taught)));
        rows += size;
    }
    return rows == 0 ? total : scale(total, 1.0f / static_cast<float>(rows));
}

}  // namespace saccade
