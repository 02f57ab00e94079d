#include "checkpoint/generate.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/stop.hpp"
#include "checkpoint/checkpoint_run.hpp"
#include "tensor/finite.hpp"
#include "tensor/largest.hpp"

namespace saccade {

Index sampled_token(const Tensor<float>& logits, const Sampling& how, Rng& rng) {
    if (!all_finite(logits))
        throw Error(ErrorCode::numeric, "the logits of the next token are not finite",
                    "change less by hand, or use other weights");
    const auto logit = [&](Index id) { return static_cast<double>(logits.data()[id]); };
    if (how.temperature <= 0) return std::ranges::max_element(logits.values()) - logits.values().begin();
    const Ids order = places_of_largest(logits.values(), how.top_k > 0 ? how.top_k : logits.size());
    std::vector<double> chances;
    double total = 0;
    for (const Index id : order) {
        chances.push_back(std::exp((logit(id) - logit(order.front())) / how.temperature));
        total += chances.back();
    }
    // The nucleus: the likeliest until they hold their share, the one that crosses it included.
    double nucleus = 0;
    std::size_t last = 0;
    while (last < chances.size() && (last == 0 || nucleus < how.top_p * total)) nucleus += chances[last++];
    double drawn = rng.uniform() * nucleus;
    for (std::size_t i = 0; i < last; ++i) {
        drawn -= chances[i];
        if (drawn < 0) return order[i];
    }
    return order[last - 1];
}

Ids with_generated(const Checkpoint& checkpoint, Ids ids, Index count, const Sampling& how, Rng rng, const Probe& probe,
                   const std::stop_token& stop) {
    const Index room = most_tokens_of(checkpoint) - static_cast<Index>(ids.size());
    const bool changed = probe.intervening();
    StackCache<float> cache;
    Ids fresh = ids;
    for (Index i = 0; i < std::min(count, room); ++i) {
        check_stop(stop);
        // What a hand changes may lie anywhere, so that then nothing of the step before is kept.
        const Tensor<float> logits =
            changed ? logits_aside(checkpoint, ids, probe, stop) : next_logits(checkpoint, fresh, cache, stop);
        const Index next = sampled_token(logits, how, rng);
        ids.push_back(next);
        fresh = {next};
        if (checkpoint.tokenizer != nullptr && checkpoint.tokenizer->is_special(next)) break;
    }
    return ids;
}

}  // namespace saccade
