#pragma once

#include <memory>
#include <string>
#include <vector>

#include "trace/formula.hpp"

namespace saccade {

struct FormulaNode;

/// An index: a small integer expression over letters, numbers and ids read from a tensor.
struct IndexNode {
    enum class Kind { number, letter, binary, ref };
    Kind kind = Kind::number;
    Index number = 0;
    char letter = 0;
    char op = 0;  // + - * / (whole, rounding down) %
    std::vector<IndexNode> children;
    FormulaPtr ref;  // kind ref: a tensor cell (perhaps with else) whose value is the index
};

/// Operations between two values; the order is that of the texts in formula_parse.cpp.
enum class BinaryOp {
    add,
    subtract,
    multiply,
    divide,
    floor_divide,
    modulo,
    power,
    less,
    greater,
    at_most,
    at_least,
    equal,
    differs
};
/// "+", "//", "<=" ...
std::string to_string(BinaryOp op);
/// How tightly it binds: 0 comparison, 1 sum, 2 product, 3 power.
int strength(BinaryOp op);

/// One node of the right side of a rule (grammar in formula.hpp).
struct FormulaNode {
    enum class Kind { number, letter, ref, negate, binary, call, reduce, fallback };
    Kind kind = Kind::number;
    double number = 0;
    std::string name;                  // ref: tensor; call: function; reduce: sum, max, min, mean, softmax, argmax
    BinaryOp op = BinaryOp::add;       // binary
    char letter = 0;                   // letter: its position as a value; reduce: what runs
    std::vector<IndexNode> indices;    // ref
    std::vector<FormulaPtr> children;  // operands; fallback: first, second
};

/// The plain letter of an index ("j", not "j-1"), or 0.
inline char plain_letter(const IndexNode& index) {
    return index.kind == IndexNode::Kind::letter ? index.letter : '\0';
}

/// Calls visit(ref node, within the first branch of an else) for every tensor reference, also those inside indices, in order of
/// appearance.
template <class Visit>
void for_each_ref(const FormulaNode& node, const Visit& visit, bool optional = false);

template <class Visit>
void for_each_ref(const IndexNode& index, const Visit& visit, bool optional) {
    for (const IndexNode& child : index.children) for_each_ref(child, visit, optional);
    if (index.ref) for_each_ref(*index.ref, visit, optional);
}

template <class Visit>
void for_each_ref(const FormulaNode& node, const Visit& visit, bool optional) {
    if (node.kind == FormulaNode::Kind::ref) {
        visit(node, optional);
        for (const IndexNode& index : node.indices) for_each_ref(index, visit, optional);
    }
    for (std::size_t i = 0; i < node.children.size(); ++i)
        for_each_ref(*node.children[i], visit, optional || (node.kind == FormulaNode::Kind::fallback && i == 0));
}

}  // namespace saccade
