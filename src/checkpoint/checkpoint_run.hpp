#pragma once

#include <stop_token>

#include "base/reuse.hpp"
#include "checkpoint/checkpoint.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Tokens that a checkpoint reads.
struct CheckpointRequest {
    Ids ids, types;  // types: empty, or one an id
    Index at = -1;   // the position whose read-out is shown; -1: the last, or the first [MASK]
    bool lens = true;
    /// Bytes of scores, weights and the like of all heads that are kept. Of a longer text none of them is: the trace makes a
    /// layer's when they are looked at, with the same bits.
    double most_kept = 1.5e8;
};

/// What stands behind the last token, or in place of a masked one: ids and probabilities, the likeliest first.
struct CheckpointOutput {
    Ids ids;
    Index at = 0;
    Ids likeliest{};                     // empty: nothing is read out
    std::vector<float> probabilities{};  // of those
};

/// What is read out: states of all layers [L, T, d], and behind the last, normalised [T, d].
struct StackStates {
    Tensor<float> layers, last;
    /// Those that a run showed below the stack's prefix.
    static StackStates shown(const TransformerStack<float>& stack, const ShownRun& shown, const std::string& prefix);
};

/// Reads states out at output.at, as run_checkpoint shows it. `prefix`: the stack's, below which its states were shown.
/// Error{numeric} where nobody changed anything and probabilities are not finite.
CheckpointOutput read_out(const Checkpoint& checkpoint, StackStates states, const std::string& prefix, CheckpointOutput output,
                          bool lens, Probe& probe);

/// One pass with everything shown: token.id, token.type, the stack's tensors below "self", logits and probabilities [class] at
/// one position, next.id and next.probabilities [next], and, with `lens`, what each layer would say there: lens [layer, next]
/// (nostalgebraist 2020, "interpreting GPT: the logit lens"). Declares their axes. `reuse`: of a text that goes on, only what
/// is new is computed. Error{cancelled}; Error{invalid_input} for more tokens than the model knows positions, or than can be
/// shown.
CheckpointOutput run_checkpoint(const CheckpointPtr& checkpoint, const CheckpointRequest& request, Probe& probe, Reuse& reuse,
                                const std::stop_token& stop);

/// Logits of the token after these [V], in a run aside in which the probe's interventions change what they would change in the
/// run itself. Error{cancelled}.
Tensor<float> logits_aside(const Checkpoint& checkpoint, std::span<const Index> ids, const Probe& probe,
                           const std::stop_token& stop);
/// The same of ids that follow what the cache holds, without a probe.
Tensor<float> next_logits(const Checkpoint& checkpoint, std::span<const Index> ids, StackCache<float>& cache,
                          const std::stop_token& stop);

/// How many tokens can be shown: every pair of them has a weight in every head.
Index most_tokens_of(const Checkpoint& checkpoint);

}  // namespace saccade
