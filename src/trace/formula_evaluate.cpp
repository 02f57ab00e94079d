#include "trace/formula_evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace saccade {

namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

double combined(BinaryOp op, double a, double b) {
    switch (op) {
        case BinaryOp::add:
            return a + b;
        case BinaryOp::subtract:
            return a - b;
        case BinaryOp::multiply:
            return a * b;
        case BinaryOp::divide:
            return a / b;
        case BinaryOp::floor_divide:
            return std::floor(a / b);
        case BinaryOp::modulo:
            return a - b * std::floor(a / b);
        case BinaryOp::power:
            return std::pow(a, b);
        case BinaryOp::less:
            return a < b ? 1 : 0;
        case BinaryOp::greater:
            return a > b ? 1 : 0;
        case BinaryOp::at_most:
            return a <= b ? 1 : 0;
        case BinaryOp::at_least:
            return a >= b ? 1 : 0;
        case BinaryOp::equal:
            return a == b ? 1 : 0;
        case BinaryOp::differs:
            return a != b ? 1 : 0;
    }
    return nothing;
}

Index divide_down(Index a, Index b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

}  // namespace

LetterValues BoundRule::letters_at(const std::vector<Index>& cell) const {
    LetterValues letters{};
    for (std::size_t a = 0; a < rule_.letters.size() && a < cell.size(); ++a) {
        letters[static_cast<std::size_t>(rule_.letters[a])] = cell[a];
    }
    return letters;
}

double BoundRule::evaluate(const std::vector<Index>& cell) const {
    LetterValues letters = letters_at(cell);
    bool missing = false;
    const double result = value(root_, letters, missing);
    return missing ? nothing : result;
}

double BoundRule::evaluate(const FormulaNode& node, LetterValues& letters, bool& missing) const {
    return value(op_of_.at(&node), letters, missing);
}

std::vector<double> BoundRule::evaluate_all(const FormulaNode& node, char letter, LetterValues& letters, bool& missing) const {
    Lanes lanes{letter, extent(letter), letters};
    std::vector<double> values(static_cast<std::size_t>(lanes.count));
    fill(op_of_.at(&node), lanes, values.data());
    missing = missing || lanes.missing;
    return values;
}

Index BoundRule::evaluate(const IndexNode& index, LetterValues& letters, bool& missing) const {
    switch (index.kind) {
        case IndexNode::Kind::number:
            return index.number;
        case IndexNode::Kind::letter:
            return letters[static_cast<std::size_t>(index.letter)];
        case IndexNode::Kind::ref: {
            const double id = evaluate(*index.ref, letters, missing);
            if (!(std::abs(id) < 1e15)) missing = true;
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

double BoundRule::value(int at, LetterValues& letters, bool& missing) const {
    const Op& op = ops_[static_cast<std::size_t>(at)];
    const FormulaNode& node = *op.node;
    const auto child = [&](std::size_t i) { return value(op.children[i], letters, missing); };
    switch (node.kind) {
        case FormulaNode::Kind::number:
            return node.number;
        case FormulaNode::Kind::letter:
            return static_cast<double>(letters[static_cast<std::size_t>(node.letter)]);
        case FormulaNode::Kind::ref:
            return ref_value(op, letters, missing);
        case FormulaNode::Kind::negate:
            return -child(0);
        case FormulaNode::Kind::binary: {
            const double left = child(0);
            return combined(node.op, left, child(1));
        }
        case FormulaNode::Kind::call: {
            const double first = child(0);
            if (op.function != nullptr) return op.function(first);
            if (node.name == "where") return first != 0 ? child(1) : child(2);
            const double second = child(1);
            return node.name == "max" ? std::max(first, second) : std::min(first, second);
        }
        case FormulaNode::Kind::reduce:
            return reduced(op, letters, missing);
        case FormulaNode::Kind::fallback: {
            bool first_missing = false;
            const double first = value(op.children[0], letters, first_missing);
            return first_missing ? child(1) : first;
        }
    }
    return nothing;
}

double BoundRule::ref_value(const Op& op, LetterValues& letters, bool& missing) const {
    Index offset = 0;
    for (const AxisAccess& axis : op.axes) {
        Index i = axis.constant;
        if (axis.general != nullptr) {
            i = evaluate(*axis.general, letters, missing);
        } else {
            for (const auto& [letter, factor] : axis.terms) i += factor * letters[static_cast<std::size_t>(letter)];
        }
        if (i < 0 || i >= axis.extent) {
            missing = true;
            return nothing;
        }
        offset += i * axis.stride;
    }
    if (op.made == nullptr) return static_cast<double>(op.data[offset]);
    const Tensor<float> row = row_of(op, offset);
    return static_cast<double>(row.data()[offset]);
}

Tensor<float> BoundRule::row_of(const Op& op, Index& offset) const {
    const Index size = op.made->size() / op.made->shape()[0], at = offset / size;
    offset %= size;
    return op.made->row(at);
}

double BoundRule::reduced(const Op& op, LetterValues& letters, bool& missing) const {
    const std::string& name = op.node->name;
    const Index here = letters[static_cast<std::size_t>(op.node->letter)];
    Lanes lanes{op.node->letter, extent(op.node->letter), letters};
    std::vector<double> x(static_cast<std::size_t>(lanes.count));
    fill(op.children[0], lanes, x.data());
    missing = missing || lanes.missing;
    const double infinity = std::numeric_limits<double>::infinity();
    if (name == "sum" || name == "mean") {
        double total = 0;
        for (const double term : x) total += term;
        return name == "mean" && !x.empty() ? total / static_cast<double>(x.size()) : total;
    }
    if (name == "min") return x.empty() ? infinity : *std::min_element(x.begin(), x.end());
    const auto top = std::max_element(x.begin(), x.end());
    if (name == "max") return x.empty() ? -infinity : *top;
    if (name == "argmax") return static_cast<double>(top - x.begin());
    // softmax: exp(x_j) / sum over all j, with the maximum subtracted; a row that is all -inf gives 0.
    if (here < 0 || here >= lanes.count) {
        missing = true;
        return nothing;
    }
    if (*top == -infinity) return 0;
    double sum = 0;
    for (const double v : x) sum += std::exp(v - *top);
    return std::exp(x[static_cast<std::size_t>(here)] - *top) / sum;
}

/// The values of an op at every position of the lanes' letter.
void BoundRule::fill(int at, Lanes& lanes, double* out) const {
    const Op& op = ops_[static_cast<std::size_t>(at)];
    if (!op.letters[static_cast<std::size_t>(lanes.letter)]) {
        std::fill(out, out + lanes.count, lanes.count > 0 ? value(at, lanes.letters, lanes.missing) : 0);
        return;
    }
    if (fill_fast(op, lanes, out)) return;
    Index& position = lanes.letters[static_cast<std::size_t>(lanes.letter)];
    const Index before = position;
    for (position = 0; position < lanes.count; ++position) out[position] = value(at, lanes.letters, lanes.missing);
    position = before;
}

/// Whole arrays at a time, where the op is of a kind that allows it; false: nothing was computed, go cell by cell.
bool BoundRule::fill_fast(const Op& op, Lanes& lanes, double* out) const {
    const FormulaNode& node = *op.node;
    const auto end = out + lanes.count;
    switch (node.kind) {
        case FormulaNode::Kind::ref:
            return fill_ref(op, lanes, out);
        case FormulaNode::Kind::negate:
            fill(op.children[0], lanes, out);
            std::transform(out, end, out, [](double x) { return -x; });
            return true;
        case FormulaNode::Kind::call:
            if (op.function == nullptr) return false;
            fill(op.children[0], lanes, out);
            std::transform(out, end, out, op.function);
            return true;
        case FormulaNode::Kind::binary: {
            fill(op.children[0], lanes, out);
            std::vector<double> right(static_cast<std::size_t>(lanes.count));
            fill(op.children[1], lanes, right.data());
            const double* b = right.data();
            if (node.op == BinaryOp::multiply) {
                for (Index i = 0; i < lanes.count; ++i) out[i] *= b[i];
            } else if (node.op == BinaryOp::add) {
                for (Index i = 0; i < lanes.count; ++i) out[i] += b[i];
            } else {
                for (Index i = 0; i < lanes.count; ++i) out[i] = combined(node.op, out[i], b[i]);
            }
            return true;
        }
        case FormulaNode::Kind::fallback: {
            Lanes first = lanes;
            first.missing = false;
            fill(op.children[0], first, out);
            return !first.missing;
        }
        default:
            return false;
    }
}

bool BoundRule::fill_ref(const Op& op, const Lanes& lanes, double* out) const {
    Index offset = 0;
    Index step = 0;
    for (const AxisAccess& axis : op.axes) {
        if (axis.general != nullptr) return false;
        Index first = axis.constant;
        Index slope = 0;
        for (const auto& [letter, factor] : axis.terms) {
            if (letter == lanes.letter) {
                slope += factor;
            } else {
                first += factor * lanes.letters[static_cast<std::size_t>(letter)];
            }
        }
        const Index last = first + slope * (lanes.count - 1);
        if (std::min(first, last) < 0 || std::max(first, last) >= axis.extent) return false;
        offset += first * axis.stride;
        step += slope * axis.stride;
    }
    if (op.made == nullptr) {
        const float* data = op.data + offset;
        for (Index i = 0; i < lanes.count; ++i) out[i] = static_cast<double>(data[i * step]);
        return true;
    }
    const Index size = op.made->size() / op.made->shape()[0];
    if (lanes.count > 0 && (offset + step * (lanes.count - 1)) / size != offset / size) return false;
    const Tensor<float> row = row_of(op, offset);
    for (Index i = 0; i < lanes.count; ++i) out[i] = static_cast<double>(row.data()[offset + i * step]);
    return true;
}

void check_rule(const Rule& rule, const Trace& trace) {
    const BoundRule bound(rule, trace);
}

double evaluate(const Rule& rule, const Trace& trace, const std::vector<Index>& cell) {
    return BoundRule(rule, trace).evaluate(cell);
}

}  // namespace saccade
