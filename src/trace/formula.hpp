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
//   function   := tanh | sigmoid | relu | gelu | exp | log | sqrt | abs | sin | cos | square | floor | gelu_tanh | silu
//               | hard_sigmoid | hard_swish
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
    std::vector<char> letters;  // of the left side, one per axis
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

}  // namespace saccade
