#pragma once

#include <optional>
#include <span>

#include "tensor/tensor.hpp"

namespace saccade {

/// What heads of a causal language model attend to, measured on one sequence (Olsson 2022, "In-context learning and induction
/// heads"). Each is a mean over the tokens that have something to look for, of the weight that they give it.
struct HeadScores {
    Tensor<float> induction;  // [layer, head]: on the token after each earlier occurrence of the token itself
    Tensor<float> previous;   // [layer, head]: on the token before
    Tensor<float> duplicate;  // [layer, head]: on the earlier occurrences themselves
    Index repeated = 0;       // tokens that occurred before, and did not just precede themselves: what induction is a mean over
};

/// weights [layer, head, T, T], ids [T]. `skip`: this many tokens at the beginning are neither queries nor counted as
/// occurrences
/// (<start>). Without a repeated token induction and duplicate are 0.
HeadScores head_scores(const Tensor<float>& weights, std::span<const Index> ids, Index skip = 0);

/// The K-composition of a head of an earlier layer with one of a later: how much of what the later head's keys look for is
/// what the earlier head writes (Elhage 2021, "A mathematical framework for transformer circuits"):
///   |W_QK W_OV|_F / (|W_QK|_F |W_OV|_F),   W_QK = W_Q^T W_K of the later head, W_OV = W_O W_V of the earlier
/// query, key, value [layer, head, unit, feature], output [layer, head, feature, unit] -> [earlier head, later head].
Tensor<float> key_composition(const Tensor<float>& query, const Tensor<float>& key, const Tensor<float>& value,
                              const Tensor<float>& output, Index earlier, Index later);

}  // namespace saccade
