#pragma once

#include <functional>
#include <string>

#include "model/gated_cell.hpp"

namespace saccade {

/// What the rules of one recurrent layer speak of. Letters: k the unit, l the unit before the product.
struct CellText {
    std::string name;       // of its tensors: "encoder.forward"
    char position;          // letter: j or i
    std::string unit_axis;  // "hidden"
    std::string arrow;      // before symbols: "→" or nothing
    /// A gate's projected input, without bias: "sum_m(encoder.forward.input_weight.reset[k,m] * encoder.embedding[j,m])".
    std::function<std::string(const std::string& gate)> input;
    std::string input_formula;  // "→W_? x_j", ? standing for the gate's letter
    /// State (and cell, of an LSTM) before this step, by unit letter: "(encoder.forward.state[j-1,l] else 0)".
    std::function<std::string(char unit)> previous_state, previous_cell;
    std::string h, h_previous;  // in formulas: "→h_j", "→h_(j-1)"
    std::string source;
};

/// The gates' blocks of a stacked parameter [gates * H, ...], each under its own name, NAME.GATE: rows of the same storage.
void gate_parameters(Probe& probe, CellKind kind, const Tensor<float>& stacked, const std::string& name,
                     const std::string& symbol, const std::vector<std::string>& axes);
/// All parameters of a cell, and the steps that say what its gates and states follow from.
void describe_cell(Probe& probe, const GatedCell<float>& cell, const CellText& text, const std::string& input_axis);

}  // namespace saccade
