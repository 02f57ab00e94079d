#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "model/beam.hpp"
#include "trace/observer.hpp"

namespace saccade {

// Decoders that write one id after the other, each reading what it wrote before.

/// Greedy outputs of a batch, time-major: y_i is the largest logit's id, and `end` behind it. Stops when all have ended, or at
/// max_steps. step(y_{i-1} [batch]) -> logits [batch, classes]. Error{cancelled}.
template <class T>
Ids greedy(Ids start, Index end, Index max_steps, const std::function<Tensor<T>(const Ids& previous)>& step,
           const std::stop_token& stop = {});

/// A decoder of one output, as a run shows it.
struct OneOutput {
    Index start = 0, end = 0;              // ids: what is read before the first step, and what ends
    Index readable = 0, writable = 0;      // how many ids can be read, and written
    std::function<BeamResult()> search{};  // for beams wider than 1
    /// From y_{i-1} to the logits [1, writable], shown at the observer's row.
    std::function<Var<float>(Index previous, const Observer& observe)> step{};
};

/// What is written: freely, as it was given, or as a beam found it.
struct DecodeRequest {
    std::optional<Ids> forced{};  // without `end`, which is added; nullopt: freely
    BeamSettings beam{.width = 1, .length_penalty = 1, .max_steps = 64};
    Index hypothesis = 1;  // which of the beam's is shown, from 1
};

/// What its tensors are called.
struct DecodeText {
    std::string input, first, first_rule, input_source;      // "Previous word (ids)", "<start>"; in rules
    std::string given, probabilities, probabilities_source;  // "x": p(y | y_<i, x)
    std::string output, forced;                              // "Words (ids)", "caption"
};

struct Decoded {
    Ids ids;                             // `end` included if it was reached
    std::vector<Hypothesis> hypotheses;  // of a beam, best first; empty without one
};

/// Writes one output, showing "decoder.input" and "output.id" [output], "probabilities" [output, token] and a beam's tree
/// (model/beam_show.hpp). An intervention in the ids is what is read next. The search does not see interventions in the
/// decoder: the hypothesis that is shown does, and a note says so. Error{cancelled} within a step.
Decoded decode(const OneOutput& decoder, const DecodeRequest& request, const DecodeText& text, const Observer& observe,
               const std::stop_token& stop = {});

}  // namespace saccade
