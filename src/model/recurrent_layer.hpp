#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "model/recurrent_cell.hpp"

namespace saccade {

/// Texts of a batch, padded with id 0: time-major ids (position t of row b at t * B + b), and the length of each, none of them
/// 0.
struct PaddedTexts {
    Ids ids;
    std::vector<Index> lengths;

    Index count() const { return static_cast<Index>(lengths.size()); }
    Index longest() const { return static_cast<Index>(ids.size()) / count(); }
    /// Error{invalid_input} if one is empty or there are none.
    static PaddedTexts from(std::span<const Ids> texts);
};

/// A recurrent layer over a whole sequence and how it is shown: NAME.state and the cell's other tensors, [position, unit].
struct RecurrentLayer {
    std::string name;   // "forward"; also of its weights
    std::string arrow;  // before symbols: "→", "←" or nothing
    std::string title;  // "Left to right"
    std::string input;  // tensor that it reads, [positions, input_axis]
    std::string axis;   // of the positions
    std::string units;  // axis of the units
    std::string input_axis;
    bool backward = false;
};

/// x [longest * B, inputs], time-major. Returns the states at each position, [B, H]; where a text has ended, a forward layer
/// keeps its last state and a backward one still has its zeros. So the last one that was computed (at longest - 1, or at 0) is
/// h_T of every row. `observe` is the run's, and only for batches of one. Error{cancelled}.
template <class T>
std::vector<CellState<T>> run_recurrent(const RecurrentLayer& layer, const RecurrentCell<T>& cell, const Var<T>& x,
                                        std::span<const Index> lengths, const Observer& observe, const std::stop_token& stop);

/// The layer in the words of its rules, with the letters j (position), k and l (units), m (input features).
template <class T>
CellReads layer_reads(const RecurrentLayer& layer, const RecurrentCell<T>& cell);

/// How much of each x_t is left in a state: d h_from / d x_t for every t, exactly, by reverse mode: step by step back from
/// `from`, the Jacobian of each step is applied to all units of the state at once, as a batch with one row per unit (Pascanu
/// 2013, eq. 5). x [length, inputs] -> [length, H, inputs]; zeros at what the state does not depend on. Error{cancelled}.
template <class T>
Tensor<T> state_jacobian(const RecurrentCell<T>& cell, const Tensor<T>& x, bool backward, Index from,
                         const std::stop_token& stop);

}  // namespace saccade
