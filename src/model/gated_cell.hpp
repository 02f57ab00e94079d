#pragma once

#include <functional>
#include <string>

#include "model/cell_reads.hpp"
#include "model/weights.hpp"
#include "nn/gru.hpp"
#include "nn/linear.hpp"
#include "nn/lstm.hpp"
#include "trace/observer.hpp"

namespace saccade {

enum class CellKind { gru, lstm };
std::string to_string(CellKind kind);
/// Error{bad_format}.
CellKind cell_kind_from(const std::string& text);
/// Blocks of its stacked parameters: 3 for a GRU, 4 for an LSTM.
Index gate_count(CellKind kind);

/// [batch, H] each; c is empty except for an LSTM.
template <class T>
struct CellState {
    Var<T> h, c;
};

/// A GRU (nn/gru.hpp) or an LSTM (nn/lstm.hpp) behind one interface, with parameters NAME.input_weight, NAME.hidden_weight,
/// NAME.input_bias, NAME.hidden_bias.
template <class T>
class GatedCell {
 public:
    GatedCell() = default;
    /// Error{bad_format} as Weights::get.
    GatedCell(const Weights<T>& weights, const std::string& name, CellKind kind, Index input, Index hidden);

    CellKind kind() const { return kind_; }
    Index hidden_size() const { return parameters_.hidden_size(); }
    const GruCell<T>& parameters() const { return parameters_; }
    CellState<T> zero(Index batch) const;
    /// x [n, input] -> its part of the gates' pre-activations [n, gate_count * H].
    Var<T> project(const Var<T>& x) const;
    /// Row mask as in gru_step.
    CellState<T> step(const Var<T>& projected, const CellState<T>& state, std::span<const T> row_mask = {}) const;
    /// Same, with gates, candidate, cell and state shown to `observe`, which is at the row of this step; what an intervention
    /// changes is carried on. `reads()` is asked when a rule is written for the first time.
    CellState<T> step(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                      const std::function<CellReads()>& reads) const;

 private:
    CellState<T> gru(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                     const std::function<CellReads()>& reads) const;
    CellState<T> lstm(const Var<T>& projected, const CellState<T>& state, const Observer& observe,
                      const std::function<CellReads()>& reads) const;
    /// Describes f(pre-activation of a block).
    Shown activated(Role role, const std::string& part, const CellBlock& block, const std::string& what,
                    const CellReads& reads) const;

    CellKind kind_ = CellKind::gru;
    GruCell<T> parameters_;  // of either kind: only the number of blocks differs
    Linear<T> input_;        // W_x, b_x
};

}  // namespace saccade
