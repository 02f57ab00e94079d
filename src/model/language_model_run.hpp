#pragma once

#include <stop_token>

#include "base/reuse.hpp"
#include "model/language_model.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// Text to read, <start> first, and what each token is called.
struct LanguageModelRequest {
    Ids ids;
    std::vector<std::string> labels;
};

/// What a run computed, as it went on after any intervention.
struct LanguageModelOutput {
    Ids ids;
    Tensor<float> weights;        // [layer, head, T, T]
    Tensor<float> probabilities;  // [T, classes]: of the token after each
};

/// One pass over the text with everything shown: token.id, the stack's tensors below "self" (model/transformer_stack.hpp),
/// logits and probabilities [token, class] with their rules; declares their axes. `reuse`: nothing of an unchanged text is
/// computed again, and of one that goes on, only what is new; the same bits as a whole run. Error{cancelled};
/// Error{invalid_input} if an intervention makes an invalid id.
LanguageModelOutput run_language_model(const ModelPtr& model, const LanguageModelRequest& request, Probe& probe, Reuse& reuse,
                                       const std::stop_token& stop);

/// What a model says of these ids in a run aside, in which the probe's interventions change what they would change in the run
/// itself: [T, classes].
Tensor<float> probabilities_aside(const LanguageModel<float>& model, std::span<const Index> ids, const Probe& probe,
                                  const std::stop_token& stop);

/// Nats that each token cost, given those before it: -log p; 0 for the first. probabilities [T, classes], ids [T].
Tensor<float> token_losses(const Tensor<float>& probabilities, std::span<const Index> ids);
inline constexpr double smallest_probability = 1e-30;  // smaller ones give the same loss

}  // namespace saccade
