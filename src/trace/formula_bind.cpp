#include "trace/formula_evaluate.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

// Binding a rule to a trace: what can be looked up once is.

namespace saccade {

namespace {

using Function = double (*)(double);

Function function_named(const std::string& name) {
    static const std::map<std::string, Function> functions = {
        {"tanh", [](double x) { return std::tanh(x); }},
        {"sigmoid", [](double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }},
        {"relu", [](double x) { return std::max(x, 0.0); }},
        {"exp", [](double x) { return std::exp(x); }},
        {"log", [](double x) { return std::log(x); }},
        {"sqrt", [](double x) { return std::sqrt(x); }},
        {"gelu", [](double x) { return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0))); }},
        {"gelu_tanh",
         [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))); }},
        {"silu", [](double x) { return x >= 0 ? x / (1 + std::exp(-x)) : x * std::exp(x) / (1 + std::exp(x)); }},
        {"hard_sigmoid", [](double x) { return std::clamp(x + 3, 0.0, 6.0) / 6; }},
        {"hard_swish", [](double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }},
        {"abs", [](double x) { return std::abs(x); }},
        {"sin", [](double x) { return std::sin(x); }},
        {"cos", [](double x) { return std::cos(x); }},
        {"square", [](double x) { return x * x; }},
        {"floor", [](double x) { return std::floor(x); }},
    };
    const auto found = functions.find(name);
    return found == functions.end() ? nullptr : found->second;
}

/// Writes the index as constant + sum of factor * letter, if it is that.
bool is_affine(const IndexNode& index, Index factor, Index& constant, std::vector<std::pair<char, Index>>& terms) {
    using Kind = IndexNode::Kind;
    if (index.kind == Kind::number) {
        constant += factor * index.number;
        return true;
    }
    if (index.kind == Kind::letter) {
        terms.emplace_back(index.letter, factor);
        return true;
    }
    if (index.kind != Kind::binary) return false;
    const IndexNode& a = index.children[0];
    const IndexNode& b = index.children[1];
    if (index.op == '+' || index.op == '-') {
        return is_affine(a, factor, constant, terms) && is_affine(b, index.op == '+' ? factor : -factor, constant, terms);
    }
    if (index.op != '*') return false;
    if (a.kind == Kind::number) return is_affine(b, factor * a.number, constant, terms);
    return b.kind == Kind::number && is_affine(a, factor * b.number, constant, terms);
}

void collect_letters(const IndexNode& index, std::bitset<128>& letters) {
    if (index.kind == IndexNode::Kind::letter) letters.set(static_cast<std::size_t>(index.letter));
    for (const IndexNode& child : index.children) collect_letters(child, letters);
    if (!index.ref) return;
    for_each_ref(*index.ref, [&](const FormulaNode& ref, bool) {
        for (const IndexNode& inner : ref.indices) collect_letters(inner, letters);
    });
}

}  // namespace

BoundRule::BoundRule(const Rule& rule, const Trace& trace) : rule_(rule) {
    extents_.fill(-1);
    const TraceTensor* result = trace.find(rule.result);
    if (result == nullptr) throw Error(ErrorCode::invalid_input, "rule: there is no tensor '" + rule.result + "'");
    const Shape& shape = result->values.shape();
    if (static_cast<int>(rule.letters.size()) != shape.rank()) {
        throw Error(ErrorCode::invalid_input, "rule of " + rule.result + ": the left side has " +
                                                  std::to_string(rule.letters.size()) + " indices, the tensor is " +
                                                  shape.str());
    }
    for (std::size_t a = 0; a < rule.letters.size(); ++a) {
        extents_[static_cast<std::size_t>(rule.letters[a])] = shape[static_cast<int>(a)];
    }
    root_ = compile(*rule_.expression, trace);
    find_extents(trace);
}

int BoundRule::compile(const FormulaNode& node, const Trace& trace) {
    Op op;
    op.node = &node;
    for (const FormulaPtr& child : node.children) {
        op.children.push_back(compile(*child, trace));
        op.letters |= ops_[static_cast<std::size_t>(op.children.back())].letters;
    }
    if (node.kind == FormulaNode::Kind::letter) op.letters.set(static_cast<std::size_t>(node.letter));
    if (node.kind == FormulaNode::Kind::call) op.function = function_named(node.name);
    if (node.kind == FormulaNode::Kind::reduce) op.letters.set(static_cast<std::size_t>(node.letter), node.name == "softmax");
    if (node.kind == FormulaNode::Kind::ref) compile_ref(op, node, trace);
    ops_.push_back(std::move(op));
    return op_of_[&node] = static_cast<int>(ops_.size()) - 1;
}

void BoundRule::compile_ref(Op& op, const FormulaNode& node, const Trace& trace) {
    const std::string where = "rule of " + rule_.result + ": ";
    const TraceTensor* tensor = trace.find(node.name);
    if (tensor == nullptr) throw Error(ErrorCode::invalid_input, where + "there is no tensor '" + node.name + "'");
    const Shape& shape = tensor->values.shape();
    if (static_cast<int>(node.indices.size()) != shape.rank()) {
        throw Error(ErrorCode::invalid_input, where + "'" + node.name + "' takes " + std::to_string(shape.rank()) +
                                                  " indices, not " + std::to_string(node.indices.size()));
    }
    if (tensor->values.kept())
        op.data = tensor->values.data();
    else
        op.made = &tensor->values;
    for (std::size_t a = 0; a < node.indices.size(); ++a) {
        AxisAccess axis;
        axis.extent = shape[static_cast<int>(a)];
        axis.stride = shape.span_size(static_cast<int>(a) + 1, shape.rank());
        if (!is_affine(node.indices[a], 1, axis.constant, axis.terms)) axis.general = &node.indices[a];
        collect_letters(node.indices[a], op.letters);
        op.axes.push_back(std::move(axis));
        // An id that is read from a tensor is a reference of its own.
        const auto compile_ids = [&](const auto& self, const IndexNode& index) -> void {
            if (index.ref) compile(*index.ref, trace);
            for (const IndexNode& child : index.children) self(self, child);
        };
        compile_ids(compile_ids, node.indices[a]);
    }
}

/// A letter runs over the axes that it indexes alone. Where it stands in the first branch of an else, or with an offset, it may
/// run beyond the axis, so such places say nothing.
void BoundRule::find_extents(const Trace& trace) {
    for_each_ref(*rule_.expression, [&](const FormulaNode& ref, bool optional) {
        if (optional) return;
        const Shape& shape = trace.tensor(ref.name).values.shape();
        for (std::size_t a = 0; a < ref.indices.size(); ++a) {
            if (const char letter = plain_letter(ref.indices[a])) {
                find_extent(letter, shape[static_cast<int>(a)], "'" + ref.name + "' " + shape.str());
            }
        }
    });
    std::bitset<128> used;
    for (const Op& op : ops_) {
        used |= op.letters;
        const FormulaNode& node = *op.node;
        if (node.kind != FormulaNode::Kind::reduce || extent(node.letter) >= 0) continue;
        // Not indexed plainly outside an else: the longest axis that it indexes at all.
        for_each_ref(*node.children[0], [&](const FormulaNode& ref, bool) {
            const Shape& shape = trace.tensor(ref.name).values.shape();
            for (std::size_t a = 0; a < ref.indices.size(); ++a) {
                Index& known = extents_[static_cast<std::size_t>(node.letter)];
                if (plain_letter(ref.indices[a]) == node.letter) known = std::max(known, shape[static_cast<int>(a)]);
            }
        });
    }
    for (const Op& op : ops_) {
        if (op.node->kind == FormulaNode::Kind::reduce) used.set(static_cast<std::size_t>(op.node->letter));
    }
    std::bitset<128> open = ops_[static_cast<std::size_t>(root_)].letters;
    for (const char letter : rule_.letters) open.reset(static_cast<std::size_t>(letter));
    for (std::size_t letter = 0; letter < used.size(); ++letter) {
        if (open[letter]) {
            throw Error(ErrorCode::invalid_input, "rule of " + rule_.result + ": '" +
                                                      std::string(1, static_cast<char>(letter)) +
                                                      "' stands neither on the left side nor under a reduction");
        }
        if (!used[letter] || extents_[letter] >= 0) continue;
        throw Error(ErrorCode::invalid_input, "rule of " + rule_.result + ": nothing says how far '" +
                                                  std::string(1, static_cast<char>(letter)) + "' runs");
    }
}

void BoundRule::find_extent(char letter, Index extent, const std::string& where) {
    Index& known = extents_[static_cast<std::size_t>(letter)];
    if (known >= 0 && known != extent) {
        throw Error(ErrorCode::invalid_input, "rule of " + rule_.result + ": '" + std::string(1, letter) + "' runs over " +
                                                  std::to_string(known) + " and over " + std::to_string(extent) + " in " +
                                                  where);
    }
    known = extent;
}

}  // namespace saccade
