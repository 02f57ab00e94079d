#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trace/trace.hpp"

namespace saccade {

// Executable rules: how each cell of a recorded tensor follows from cells of others. With them any cell explains itself, and
// every run can be checked against its own rules. The language:
//
//   rule       := ref '=' expr                                  the left side has plain letters as indices
//   expr       := sum (('<' | '>' | '<=' | '>=' | '==' | '!=') sum)*      1 or 0
//   sum        := product (('+' | '-') product)*
//   product    := factor (('*' | '/' | '//' | '%') factor)*     // and % round down
//   factor     := '-' factor | primary ('^' factor)?
//   primary    := number | inf | pi | letter | ('(' expr ')' | call | ref) ('else' factor)?       a letter is its position
//   call       := function '(' expr ')' | ('min' | 'max') '(' expr ',' expr ')' | 'where' '(' test ',' then ',' otherwise ')'
//               | reduction '_' letter '(' expr ')'
//   function   := tanh | sigmoid | relu | gelu | exp | log | sqrt | abs | sin | cos | square | floor
//   reduction  := sum | max | min | mean | argmax | softmax     several letters: sum_y(sum_x(...)). softmax_j(x) is
//                 exp(x_j) / sum over j, and j then is an index of the result
//   ref        := name '[' (index (',' index)*)? ']'            name may hold dots and underscores: encoder.forward.state
//   index      := whole-number arithmetic (+ - * // %, brackets) over letters, numbers and refs; / is //;
//                 a ref as index reads an id: table[source.id[j], k]
//
//   weights[i,j] = softmax_j(scores[i,j])
//   scores[i,j]  = sum_k(v[k] * tanh(queries[i,k] + keys[j,k]))
//   state[i,k]   = (1 - update[i,k]) * candidate[i,k] + update[i,k] * (state[i-1,k] else initial[k])
//   annotations[j,k] = forward.state[j,k] else backward.state[j,k-64]
//   maps[o,y,x]  = sum_c(sum_u(sum_v(kernel[o,c,u,v] * (input[c,y+u-1,x+v-1] else 0))))
//   code[i,k]    = sin(i / 10000 ^ (k // 2 * 2 / 64) + k % 2 * pi / 2)
//   mask[i,j]    = where(j <= i, 0, -inf)
//
// `a else b` takes b where an index of a is outside its axis (in brackets, a may be a whole expression). A letter's range is
// the extent of the axes that it indexes alone; they must agree, but for those in the first branch of an else. -inf scores have
// softmax 0.

struct FormulaNode;
using FormulaPtr = std::shared_ptr<const FormulaNode>;

struct Rule {
    std::string result;
    std::vector<char> letters;  // of the left side, one an axis
    FormulaPtr expression;
};

/// Error{bad_format} with the column.
Rule parse_rule(const std::string& text);

/// Names of the tensors that the rule reads, in order of appearance.
std::vector<std::string> operands(const Rule& rule);
/// Error{invalid_input} if a name is missing, a rank is wrong or the extents of a letter disagree.
void check_rule(const Rule& rule, const Trace& trace);

/// The rule's value for one cell (in double). Same numbers as the engine up to rounding.
double evaluate(const Rule& rule, const Trace& trace, const std::vector<Index>& cell);

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

/// An executed claim about this run.
struct Claim {
    std::string text;  // "every row of weights sums to 1"
    double error = 0;  // largest deviation found
    double tolerance = 0;
    bool holds = true;
    std::string tensor;  // what it is about
    Index checked = 0;   // cells or rows looked at
    Index edited = 0;    // of these, changed by an intervention
};

/// The building blocks of check_claims, for lessons. `weights`: any tensor whose rows are said to sum to 1.
Claim rows_sum_to_one(const TraceTensor& weights);
/// Does the rule (any rule over tensors of this trace, not only a recorded step's) give what was recorded, within `tolerance`
/// (0: float32 rounding)? Error{bad_format} or {invalid_input} as check_rule.
Claim rule_holds(const Trace& trace, const std::string& rule, double tolerance = 0, Index max_cells = 32);

/// Checks, on this run: every row of each tensor of role weights sums to 1 (or is wholly masked), and every step's rule gives
/// what was recorded. Samples at most `max_cells` cells a rule, evenly. Where an intervention changed a cell, what the model
/// had computed before is held against the rule, and the cell is counted as edited.
std::vector<Claim> check_claims(const Trace& trace, Index max_cells = 32);

}  // namespace saccade
