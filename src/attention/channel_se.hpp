#pragma once

#include "attention/block_attention.hpp"

namespace saccade {

/// Squeeze-and-excitation (Hu 2018, "Squeeze-and-excitation networks"):
///   z_c = 1 / (H W) sum_ij F_c(i, j)            pooled       (eq. 2)
///   s = sigma(W_2 relu(W_1 z))                  gate         (eq. 3), W_1 z after relu: bottleneck, W_2 ...: gate_scores
///   F'_c = s_c F_c                              refined      (eq. 4)
/// Other people's networks add biases to both layers, which eq. 3 leaves out, and some put other functions into their places:
/// SiLU in the bottleneck (Tan and Le 2019), straight lines for the sigmoid (Howard 2019, section 5.3).
template <class T>
struct SqueezeExcitation : BlockAttention<T> {
    Var<T> reduce;                   // W_1 [hidden, C]
    Var<T> expand;                   // W_2 [C, hidden]
    Var<T> reduce_bias{};            // [hidden], or empty
    Var<T> expand_bias{};            // [C], or empty
    std::string activation{"relu"};  // of the bottleneck: an id of nn/activation.hpp
    bool hard = false;               // hard_sigmoid in the sigmoid's place

    SqueezeExcitation(Var<T> w1, Var<T> w2) : reduce(std::move(w1)), expand(std::move(w2)) {}
    Var<T> operator()(const Var<T>& features, const Observer& observe) const override;
    ShownAs result() const override { return {"refined", "F'"}; }
};

/// "reduce.weight" and "expand.weight", which CBAM's channel attention has as well.
std::vector<BlockAttentionParameter> channel_gate_parameters(const BlockAttentionSizes& sizes);

/// Adds a note if all scores are 0: without biases, a bottleneck that is 0 after relu leaves a gate of sigma(0) everywhere.
template <class T>
void note_if_bottleneck_is_zero(const Observer& observe, const Tensor<T>& scores);

/// F'_c = gate_c F_c: features [N, H, W, C], gate [N, C].
template <class T>
Var<T> gate_channels(const Var<T>& features, const Var<T>& gate);

}  // namespace saccade
