#pragma once

#include <string>
#include <vector>

#include "base/rng.hpp"
#include "model/gated_cell.hpp"
#include "nn/elman.hpp"

namespace saccade {

enum class RecurrentKind { elman, gru, lstm };
std::string to_string(RecurrentKind kind);
/// Error{bad_format}.
RecurrentKind recurrent_kind_from(const std::string& text);
/// "Elman", "GRU", "LSTM".
std::string recurrent_title(RecurrentKind kind);
/// Blocks of the stacked parameters: 1, 3 and 4.
Index recurrent_blocks(RecurrentKind kind);

/// An Elman cell (nn/elman.hpp), a GRU or an LSTM (model/gated_cell.hpp) behind one interface, with parameters
/// NAME.input_weight, NAME.hidden_weight, NAME.input_bias, NAME.hidden_bias.
template <class T>
class RecurrentCell {
 public:
    RecurrentCell() = default;
    /// Sizes are read from the shapes. Error{bad_format} if tensors are missing or do not fit each other.
    RecurrentCell(const Weights<T>& weights, const std::string& name, RecurrentKind kind);

    RecurrentKind kind() const { return kind_; }
    Index hidden_size() const { return elman_.hidden_size(); }
    Index input_size() const { return elman_.input_weight.shape()[1]; }
    /// The stacked parameters, whatever the kind: only the number of blocks differs.
    const ElmanCell<T>& parameters() const { return elman_; }
    CellState<T> zero(Index batch) const;
    /// x [n, input] -> its part of the pre-activations [n, blocks * H].
    Var<T> project(const Var<T>& x) const;
    /// Row mask as in gru_step.
    CellState<T> step(const Var<T>& projected, const CellState<T>& state, std::span<const T> row_mask = {}) const;
    /// As GatedCell::step with an observer. An Elman cell shows its state alone; its parameters are @input_weight [unit, input]
    /// and so on, without a block's name.
    CellState<T> step(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                      const std::function<CellReads()>& reads) const;

 private:
    RecurrentKind kind_ = RecurrentKind::elman;
    ElmanCell<T> elman_;
    GatedCell<T> gated_;
};

/// Papers of a kind, for CellReads::source.
std::string recurrent_source(RecurrentKind kind);

/// Random parameters of one cell: matrices uniform in +-1 / sqrt(fan in), biases 0, but 1 for an LSTM's forget gate, so that it
/// remembers until it has learned not to (Gers 2000; Jozefowicz 2015).
void init_recurrent(WeightMap& weights, const std::string& name, RecurrentKind kind, Index input, Index hidden, Rng& rng);

}  // namespace saccade
