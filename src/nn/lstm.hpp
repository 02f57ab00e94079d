#pragma once

#include <memory>

#include "autograd/var.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

/// Parameters of a long short-term memory cell (Hochreiter and Schmidhuber 1997, with forget gate, Gers 2000), gates in
/// PyTorch's order input, forget, cell, output: W_x [4H, in], W_h [4H, H], b_x [4H], b_h [4H].
template <class T>
struct LstmCell {
    Var<T> input_weight, hidden_weight, input_bias, hidden_bias;
    std::shared_ptr<const PackedMatrix<T>> packed{};  // as a GruCell's
    Index hidden_size() const { return hidden_weight.shape()[1]; }
};

/// All [batch, H].
template <class T>
struct LstmStep {
    Var<T> input_gate, forget_gate, candidate, output_gate, cell, state;
};

/// One step from the projected input gi = x W_x^T + b_x [batch, 4H]:
///   i, f, o = sigmoid(gi + W_h h + b_h);  g = tanh(...);  c' = f * c + i * g;  h' = o * tanh(c')
/// Row mask and filling of the gates as in gru_step.
template <class T>
LstmStep<T> lstm_step(const LstmCell<T>& cell, const Var<T>& projected_input, const Var<T>& state, const Var<T>& cell_state,
                      std::span<const T> row_mask = {});

}  // namespace saccade
