#pragma once

#include "autograd/var.hpp"

namespace saccade {

/// Parameters of a simple recurrent cell (Elman 1990): W_x [H, in], W_h [H, H], b_x [H], b_h [H].
template <class T>
struct ElmanCell {
    Var<T> input_weight, hidden_weight, input_bias, hidden_bias;
    Index hidden_size() const { return hidden_weight.shape()[1]; }
};

/// One step from the projected input gi = x W_x^T + b_x [batch, H]:
///   h' = tanh(gi + W_h h + b_h)
/// Elman 1990, figure 2, with tanh for the logistic function, as PyTorch's RNNCell. Row mask as in gru_step (nn/gru.hpp).
template <class T>
Var<T> elman_step(const ElmanCell<T>& cell, const Var<T>& projected_input, const Var<T>& state,
                  std::span<const T> row_mask = {});

}  // namespace saccade
