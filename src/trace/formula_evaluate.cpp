#include "trace/formula_evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

double call(const std::string& name, double x) {
    if (name == "tanh") return std::tanh(x);
    if (name == "sigmoid") return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x));
    if (name == "relu") return std::max(x, 0.0);
    if (name == "exp") return std::exp(x);
    if (name == "log") return std::log(x);
    if (name == "sqrt") return std::sqrt(x);
    if (name == "gelu") return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
    if (name == "abs") return std::abs(x);
    if (name == "sin") return std::sin(x);
    if (name == "cos") return std::cos(x);
    return x * x;  // square: the parser lets nothing else through
}

Index divide_down(Index a, Index b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

}  // namespace

BoundRule::BoundRule(const Rule& rule, const Trace& trace) : rule_(rule) {
    const TraceTensor* result = trace.find(rule.result);
    if (result == nullptr) throw Error(ErrorCode::invalid_input, "rule: there is no tensor '" + rule.result + "'");
    if (static_cast<int>(rule.letters.size()) != result->values.shape().rank())
        throw Error(ErrorCode::invalid_input, "rule of " + rule.result + ": the left side has " +
                                                  std::to_string(rule.letters.size()) + " indices, the tensor is " +
                                                  result->values.shape().str());
    for (std::size_t a = 0; a < rule.letters.size(); ++a)
        extents_[static_cast<std::size_t>(rule.letters[a])] = result->values.shape()[static_cast<int>(a)];
    for_each_ref(*rule_.expression, [&](const FormulaNode& ref, bool) {
        const TraceTensor* tensor = trace.find(ref.name);
        if (tensor == nullptr)
            throw Error(ErrorCode::invalid_input, "rule of " + rule.result + ": there is no tensor '" + ref.name + "'");
        if (static_cast<int>(ref.indices.size()) != tensor->values.shape().rank())
            throw Error(ErrorCode::invalid_input, "rule of " + rule.result + ": '" + ref.name + "' takes " +
                                                      std::to_string(tensor->values.shape().rank()) + " indices, not " +
                                                      std::to_string(ref.indices.size()));
        tensors_.push_back({&ref, &tensor->values});
    });
    find_extents(trace);
}

/// A letter runs over the axes that it indexes alone. Where it stands in the first branch of an else, or with an offset, it may
/// run beyond the axis, so such places say nothing.
void BoundRule::find_extents(const Trace& trace) {
    for_each_ref(*rule_.expression, [&](const FormulaNode& ref, bool optional) {
        if (optional) return;
        const Shape& shape = trace.tensor(ref.name).values.shape();
        for (std::size_t a = 0; a < ref.indices.size(); ++a)
            if (const char letter = plain_letter(ref.indices[a]))
                find_extent(letter, shape[static_cast<int>(a)], "'" + ref.name + "' " + shape.str());
    });
    const auto check = [&](const auto& self, const FormulaNode& node) -> void {
        if (node.kind == FormulaNode::Kind::reduce && extent(node.letter) == 0) {
            // Not indexed plainly outside an else: take the longest axis that it indexes at all, else it is an empty axis or an
            // error.
            bool indexed = false;
            for_each_ref(*node.children[0], [&](const FormulaNode& ref, bool) {
                const Shape& shape = tensor_of(ref).shape();
                for (std::size_t a = 0; a < ref.indices.size(); ++a)
                    if (plain_letter(ref.indices[a]) == node.letter) {
                        indexed = true;
                        Index& e = extents_[static_cast<std::size_t>(node.letter)];
                        e = std::max(e, shape[static_cast<int>(a)]);
                    }
            });
            if (!indexed)
                throw Error(ErrorCode::invalid_input,
                            "rule of " + rule_.result + ": nothing says how far '" + std::string(1, node.letter) + "' runs");
        }
        for (const FormulaPtr& child : node.children) self(self, *child);
    };
    check(check, *rule_.expression);
}

void BoundRule::find_extent(char letter, Index extent, const std::string& where) {
    Index& known = extents_[static_cast<std::size_t>(letter)];
    if (known != 0 && known != extent)
        throw Error(ErrorCode::invalid_input, "rule of " + rule_.result + ": '" + std::string(1, letter) + "' runs over " +
                                                  std::to_string(known) + " and over " + std::to_string(extent) + " in " +
                                                  where);
    known = extent;
}

const Tensor<float>& BoundRule::tensor_of(const FormulaNode& ref) const {
    // A rule has a handful of references: a scan of pointers is faster than any map.
    for (const BoundTensor& bound : tensors_)
        if (bound.node == &ref) return *bound.values;
    throw Error(ErrorCode::invalid_input, "rule of " + rule_.result + ": '" + ref.name + "' is not bound");
}

LetterValues BoundRule::letters_at(const std::vector<Index>& cell) const {
    LetterValues letters{};
    for (std::size_t a = 0; a < rule_.letters.size() && a < cell.size(); ++a)
        letters[static_cast<std::size_t>(rule_.letters[a])] = cell[a];
    return letters;
}

double BoundRule::evaluate(const std::vector<Index>& cell) const {
    LetterValues letters = letters_at(cell);
    bool missing = false;
    const double value = evaluate(*rule_.expression, letters, missing);
    return missing ? std::numeric_limits<double>::quiet_NaN() : value;
}

double BoundRule::evaluate(const FormulaNode& node, LetterValues& letters, bool& missing) const {
    switch (node.kind) {
        case FormulaNode::Kind::number:
            return node.number;
        case FormulaNode::Kind::negate:
            return -evaluate(*node.children[0], letters, missing);
        case FormulaNode::Kind::call:
            return call(node.name, evaluate(*node.children[0], letters, missing));
        case FormulaNode::Kind::reduce:
            return reduce(node, letters, missing);
        case FormulaNode::Kind::fallback: {
            bool first_missing = false;
            const double first = evaluate(*node.children[0], letters, first_missing);
            return first_missing ? evaluate(*node.children[1], letters, missing) : first;
        }
        case FormulaNode::Kind::binary: {
            const double a = evaluate(*node.children[0], letters, missing);
            const double b = evaluate(*node.children[1], letters, missing);
            return node.op == '+' ? a + b : node.op == '-' ? a - b : node.op == '*' ? a * b : a / b;
        }
        case FormulaNode::Kind::ref:
            break;
    }
    const Tensor<float>& tensor = tensor_of(node);
    Index offset = 0;
    for (std::size_t a = 0; a < node.indices.size(); ++a) {
        const Index extent = tensor.shape()[static_cast<int>(a)];
        const Index i = evaluate(node.indices[a], letters, missing);
        if (i < 0 || i >= extent) {
            missing = true;
            return std::numeric_limits<double>::quiet_NaN();
        }
        offset = offset * extent + i;
    }
    return static_cast<double>(tensor.data()[offset]);
}

Index BoundRule::evaluate(const IndexNode& index, LetterValues& letters, bool& missing) const {
    switch (index.kind) {
        case IndexNode::Kind::number:
            return index.number;
        case IndexNode::Kind::letter:
            return letters[static_cast<std::size_t>(index.letter)];
        case IndexNode::Kind::ref: {
            const double id = evaluate(*index.ref, letters, missing);
            if (!std::isfinite(id)) missing = true;
            return missing ? -1 : static_cast<Index>(std::llround(id));
        }
        case IndexNode::Kind::binary:
            break;
    }
    const Index a = evaluate(index.children[0], letters, missing);
    const Index b = evaluate(index.children[1], letters, missing);
    if (index.op == '+') return a + b;
    if (index.op == '-') return a - b;
    if (index.op == '*') return a * b;
    if (b == 0) {
        missing = true;
        return -1;
    }
    return index.op == '/' ? divide_down(a, b) : a - b * divide_down(a, b);
}

double BoundRule::reduce(const FormulaNode& node, LetterValues& letters, bool& missing) const {
    if (node.name == "softmax") return softmax(node, letters, missing);
    Index& position = letters[static_cast<std::size_t>(node.letter)];
    const Index before = position;
    const Index n = extent(node.letter);
    double total = node.name == "max" ? -std::numeric_limits<double>::infinity() : 0;
    for (position = 0; position < n; ++position) {
        const double term = evaluate(*node.children[0], letters, missing);
        total = node.name == "max" ? std::max(total, term) : total + term;
    }
    position = before;
    return node.name == "mean" && n > 0 ? total / static_cast<double>(n) : total;
}

/// exp(x_j) / sum over all j, with the maximum subtracted; a row that is all -inf gives 0.
double BoundRule::softmax(const FormulaNode& node, LetterValues& letters, bool& missing) const {
    Index& position = letters[static_cast<std::size_t>(node.letter)];
    const Index here = position;
    std::vector<double> x(static_cast<std::size_t>(extent(node.letter)));
    for (position = 0; position < extent(node.letter); ++position)
        x[static_cast<std::size_t>(position)] = evaluate(*node.children[0], letters, missing);
    position = here;
    if (here < 0 || here >= extent(node.letter)) {
        missing = true;
        return std::numeric_limits<double>::quiet_NaN();
    }
    const double top = *std::max_element(x.begin(), x.end());
    if (std::isinf(top) && top < 0) return 0;
    double sum = 0;
    for (const double v : x) sum += std::exp(v - top);
    return std::exp(x[static_cast<std::size_t>(here)] - top) / sum;
}

void check_rule(const Rule& rule, const Trace& trace) {
    const BoundRule bound(rule, trace);
}

double evaluate(const Rule& rule, const Trace& trace, const std::vector<Index>& cell) {
    return BoundRule(rule, trace).evaluate(cell);
}

}  // namespace saccade
