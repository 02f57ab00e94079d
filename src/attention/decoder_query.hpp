#pragma once

#include <string>

#include "trace/observer.hpp"

namespace saccade {

/// What a decoder's queries read, in the words of rules: the state before this step, its unit k, and the word that is read, its
/// feature m.
struct DecoderReads {
    std::string state, word;
};

/// q = W h + b + W_y E y: a query of a decoder's state h, and of the word y that it reads now, which h has not seen yet.
template <class T>
struct DecoderQuery {
    Var<T> state_weight;           // W [units, d]
    Var<T> bias{}, word_weight{};  // b [units], W_y [units, embedding]; empty: none

    /// state [B, d], word [B, embedding] -> [B, units].
    Var<T> operator()(const Var<T>& state, const Var<T>& word) const;

    /// What its parameters are called, and their symbols.
    struct Names {
        std::string state_weight, state_symbol, bias{}, bias_symbol{}, word_weight{};
    };
    /// How the tensor `result` [output, units] follows, `unit` the letter of its units, and what that reads.
    How how(const std::string& result, char unit, const Names& names, const DecoderReads& reads,
            const std::string& source) const;
    std::vector<Parameter> parameters(const std::string& units, const Names& names) const;
};

}  // namespace saccade
