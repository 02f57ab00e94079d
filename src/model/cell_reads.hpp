#pragma once

#include <string>
#include <type_traits>
#include <vector>

#include "autograd/var.hpp"
#include "trace/probe.hpp"

namespace saccade {

/// A parameter as it is declared to a probe, which keeps float alone; that of a float model is shared, not copied.
template <class T>
Tensor<float> declared_values(const Var<T>& parameter) {
    if constexpr (std::is_same_v<T, float>)
        return parameter.value();
    else
        return parameter.value().template cast<float>();
}

/// One of the blocks of H rows that a cell's stacked parameters are made of; an Elman cell has one, without a name.
struct CellBlock {
    std::string name{};    // "reset"
    std::string letter{};  // subscript of its matrices in formulas: "r"
    Index at = 0, count = 1;
};

/// What a cell reads besides its own state: a tensor, and the stacked matrix that it goes through.
struct CellInput {
    std::string operand;   // in rules, with its indices: "encoder.embedding[j,m]"
    std::string symbol;    // in formulas: "x_j"
    std::string axis;      // of its features
    Tensor<float> weight;  // [blocks * H, features]
    char feature = 'm';    // their letter in `operand`
    std::string name = "@input_weight";
    std::string weight_symbol = "W";
};

/// A recurrent layer in the words of its rules. Letters: `position` the step, k the unit, l the unit before the product. '@'
/// is the prefix of the layer's observer.
struct CellReads {
    std::string title;    // "Encoder, left to right"
    std::string state;    // symbol of the state: "→h"
    std::string arrow{};  // before all other symbols: "→" or nothing
    std::string axis;     // of the steps
    std::string units;    // axis of the units
    char position = 'j';
    bool backward = false;
    std::vector<CellInput> inputs;
    /// Tensors [unit] that stand for state and cell before the first step, which are 0 if there are none.
    std::string initial{}, initial_cell{};
    std::string source;

    std::vector<std::string> axes() const { return {axis, units}; }
    /// "@state[j,k]".
    std::string at(const std::string& part) const;
    /// Of the step before, by the letter of its unit: "(@state[j-1,l] else 0)".
    std::string state_before(char unit) const;
    std::string cell_before() const;
    /// In formulas: "→r_j"; of the step before: "→h_(j−1)".
    std::string now(const std::string& symbol) const;
    std::string before(const std::string& symbol) const;
    /// "→W_r x_j", of all inputs, without the bias.
    std::string input_formula(const CellBlock& block) const;
    /// The two parts of a block's pre-activation, with their biases: of the inputs, and of the state before.
    std::string input_rule(const CellBlock& block) const;
    std::string recurrent_rule(const CellBlock& block) const;
    /// part = function(both parts); `sign` is the function's in formulas.
    How activated(const std::string& operation, const std::string& part, const std::string& symbol, const CellBlock& block,
                  const std::string& function, const std::string& sign) const;
    /// The block's rows of the cell's parameters and of the inputs' matrices, which share their storage.
    std::vector<Parameter> parameters(const CellBlock& block, const Tensor<float>& hidden_weight,
                                      const Tensor<float>& input_bias, const Tensor<float>& hidden_bias) const;
};

}  // namespace saccade
