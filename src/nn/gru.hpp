#pragma once

#include <memory>

#include "autograd/var.hpp"
#include "tensor/gemm.hpp"

namespace saccade {

/// Parameters of a gated recurrent unit (Cho 2014), gates in PyTorch's order reset, update, candidate:
/// W_x [3H, in], W_h [3H, H], b_x [3H], b_h [3H].
template <class T>
struct GruCell {
    Var<T> input_weight, hidden_weight, input_bias, hidden_bias;
    std::shared_ptr<const PackedMatrix<T>> packed{};  // W_h^T as products read it; null: see laid_out in nn/linear.hpp
    Index hidden_size() const { return hidden_weight.shape()[1]; }
};

/// What one step computed; all [batch, H].
template <class T>
struct GruStep {
    Var<T> reset, update, candidate, state;
};

/// One step from the already projected input gi = x W_x^T + b_x [batch, 3H] (so that a whole sequence is projected by one
/// GEMM):
///   r  = sigmoid(gi_r + W_hr h + b_hr)
///   z  = sigmoid(gi_z + W_hz h + b_hz)
///   n  = tanh(gi_n + r * (W_hn h + b_hn))
///   h' = (1 - z) * n + z * h
/// PyTorch's GRUCell; differs from Cho 2014, eq. 8, in that r acts after W_hn, and z keeps instead of overwriting.
/// Without a tape the gates r, z, n are filled; with one, only `state` is (the fused backward needs no more).
/// `row_mask` [batch], if given, holds 1 where the step counts and 0 where the old state is carried through (padding).
template <class T>
GruStep<T> gru_step(const GruCell<T>& cell, const Var<T>& projected_input, const Var<T>& state,
                    std::span<const T> row_mask = {});

}  // namespace saccade
