#pragma once

#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "model/weights.hpp"
#include "nn/gru.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// A recurrent layer over a whole padded batch, which can be looked at gate by gate. Shown tensors: NAME.reset, NAME.update,
/// NAME.candidate, NAME.state, each [positions, units]; parameters: NAME.input_weight and so on, a block a gate.
struct GruLayer {
    std::string name;    // "encoder.forward"; also of its weights
    std::string arrow;   // before symbols: "→", "←" or nothing
    std::string title;   // "Encoder, left to right"
    std::string input;   // tensor that it reads, [positions, input_axis]
    std::string axis;    // of the positions: "source"
    std::string units;   // axis of the units: "hidden"
    std::string inputs;  // axis of the input's features: "embedding"
    bool backward = false;
};

/// NAME.input_weight [3H, inputs], NAME.hidden_weight [3H, H], NAME.input_bias [3H], NAME.hidden_bias [3H].
template <class T>
GruCell<T> gru_of(const Weights<T>& weights, const std::string& name, Index inputs, Index hidden);

/// embedded [length * B, inputs], time-major (position t of row b at t * B + b), rows of the given lengths, padded at the end.
/// Returns the state at each position, [B, H]. A backward layer waits at the padding; what a forward one computes there is of
/// no use. `probe` only for batches of one. Error{cancelled}.
template <class T>
std::vector<Var<T>> run_gru_layer(const GruLayer& layer, const GruCell<T>& cell, const Var<T>& embedded,
                                  std::span<const Index> lengths, Probe* probe, const std::stop_token& stop);

/// Declares parameters and steps. Rules use the letters j (position), k and l (units), m (input features).
void describe_gru_layer(Probe& probe, const GruLayer& layer, const GruCell<float>& cell, const std::string& source);

}  // namespace saccade
