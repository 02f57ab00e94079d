#pragma once

#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

/// A piece of a printed formula: plain text, or a number, or an operand that can be opened.
struct ExplainedPart {
    enum class Kind { text, subscript, number, operand };
    Kind kind = Kind::text;
    std::string text;
    CellRef ref;  // operand: what it opens (a cell, or a row with -1)
};

/// A cell explained: symbols and numbers of this run.
struct Explanation {
    CellRef cell;
    std::string title;      // "Weight of 趣 for “interesting”" / "scores, query 5, key 9"
    double recorded = 0;    // what the trace holds
    double recomputed = 0;  // what the rule gives from the recorded operands
    bool has_rule = false;
    std::string source;                   // paper, equation
    std::string formula;                  // the step's paper notation
    std::vector<ExplainedPart> equation;  // α₅,₉ = softmax_j(e₅,j)₉ = 0.61, indices filled in
    std::vector<ExplainedPart> numbers;   // the same with scalars as numbers, where it has at most ~8 of them
    struct Operand {
        CellRef ref;        // row or cell
        std::string text;   // "W s₄"
        std::string shape;  // "[256]" or empty for one cell
        double value = 0;   // for one cell
    };
    std::vector<Operand> operands;  // each can be explained in turn
    /// If the rule is a sum (perhaps inside one function): its terms in order, and what they are ("v ⊙ tanh(…): the 256 terms
    /// of the sum").
    std::vector<float> terms;
    std::string terms_title;
    char terms_letter = 0;
    std::string edited;  // not empty: an intervention changed this cell ("changed by hand: computed 0.61, now 0.20")
};

/// Error{not_found}/{out_of_range} if the cell does not exist. A tensor without a step has an explanation that says that it is
/// an input.
Explanation explain(const Trace& trace, const CellRef& cell);

}  // namespace saccade
