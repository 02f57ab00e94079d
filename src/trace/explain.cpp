#include "trace/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "trace/formula_evaluate.hpp"

namespace saccade {

namespace {

using Part = ExplainedPart;
using Parts = std::vector<ExplainedPart>;

constexpr Index most_terms = 4096;
constexpr std::size_t most_numbers = 8;

std::string number_text(double v) {
    if (std::isnan(v)) return "masked";
    if (std::isinf(v)) return v > 0 ? "∞" : "−∞";
    const double size = std::abs(v);
    std::string text = v == 0 || (size >= 1e-3 && size < 100) ? fmt::format("{:.4f}", v)
                       : size >= 100 && size < 1e5            ? fmt::format("{:.2f}", v)
                                                              : fmt::format("{:.3e}", v);
    if (text.front() == '-') text.replace(0, 1, "−");
    return text;
}

/// Prints a rule with the cell's indices filled in, which are counted from 1 as in all that people read.
class Printer {
 public:
    Printer(const Trace& trace, const BoundRule& rule, LetterValues letters, std::string free)
        : trace_(trace), rule_(rule), letters_(letters), running_(std::move(free)) {}

    /// Symbols: α_5,9 = softmax_j(e_5,j).
    Parts symbols(const FormulaNode& node) {
        Parts parts;
        print(node, parts, false, 0);
        return parts;
    }

    /// The same with each scalar, and each whole sum, as its number.
    Parts numbers(const FormulaNode& node) {
        Parts parts;
        print(node, parts, true, 0);
        return parts;
    }

    std::vector<Explanation::Operand> operands(const FormulaNode& node) {
        std::vector<Explanation::Operand> list;
        collect(node, list);
        return list;
    }

    /// The branch of an else that applies at this cell.
    const FormulaNode& branch(const FormulaNode& fallback) {
        bool missing = false;
        try_evaluate(*fallback.children[0], missing);
        return missing ? *fallback.children[1] : *fallback.children[0];
    }

    std::string index_text(const IndexNode& index) {
        if (!runs(index)) {
            bool missing = false;
            const Index value = rule_.evaluate(index, letters_, missing);
            return missing ? "?" : std::to_string(value + 1);
        }
        switch (index.kind) {
            case IndexNode::Kind::letter:
                return std::string(1, index.letter);
            case IndexNode::Kind::binary:
                return index_text(index.children[0]) + std::string(1, index.op) + index_text(index.children[1]);
            default:
                return "·";
        }
    }

 private:
    static int strength_of(const FormulaNode& node) {
        if (node.kind == FormulaNode::Kind::binary) return strength(node.op);
        return node.kind == FormulaNode::Kind::negate ? 1 : 4;
    }

    /// Does a - (b - c) need its brackets?
    static bool binds_left(BinaryOp op) { return op != BinaryOp::add && op != BinaryOp::multiply && op != BinaryOp::power; }

    static std::string spaced(BinaryOp op) {
        if (op == BinaryOp::subtract) return " − ";
        if (op == BinaryOp::multiply) return " · ";
        return op == BinaryOp::power ? "^" : " " + to_string(op) + " ";
    }

    void print(const FormulaNode& node, Parts& out, bool as_numbers, int around) {
        if (as_numbers && (node.kind == FormulaNode::Kind::reduce || node.kind == FormulaNode::Kind::ref)) {
            bool missing = false;
            out.push_back({Part::Kind::number, number_text(try_evaluate(node, missing)), {}});
            return;
        }
        const int own = strength_of(node);
        const auto text = [&](const std::string& s) { out.push_back({Part::Kind::text, s, {}}); };
        if (own < around) text("(");
        switch (node.kind) {
            case FormulaNode::Kind::number:
                text(std::isinf(node.number) ? "∞" : fmt::format("{:g}", node.number));
                break;
            case FormulaNode::Kind::ref:
                print_ref(node, out);
                break;
            case FormulaNode::Kind::negate:
                text("−");
                print(*node.children[0], out, as_numbers, 2);
                break;
            case FormulaNode::Kind::binary:
                print(*node.children[0], out, as_numbers, own);
                text(spaced(node.op));
                print(*node.children[1], out, as_numbers, own + (binds_left(node.op) ? 1 : 0));
                break;
            case FormulaNode::Kind::call:
                text((node.name == "sigmoid" ? std::string("σ") : node.name == "sqrt" ? std::string("√") : node.name) + "(");
                for (std::size_t i = 0; i < node.children.size(); ++i) {
                    if (i > 0) text(", ");
                    print(*node.children[i], out, as_numbers, 0);
                }
                text(")");
                break;
            case FormulaNode::Kind::letter:
                text(running_.find(node.letter) != std::string::npos ? std::string(1, node.letter) : place(node.letter));
                break;
            case FormulaNode::Kind::fallback:
                print(branch(node), out, as_numbers, around);
                break;
            case FormulaNode::Kind::reduce:
                print_reduction(node, out);
                break;
        }
        if (own < around) text(")");
    }

    /// A position that is reckoned with: rules count from 0, texts from 1.
    std::string place(char letter) const {
        const Index from_0 = letters_[static_cast<std::size_t>(letter)];
        return fmt::format("({} − 1)", from_0 + 1);
    }

    void print_reduction(const FormulaNode& node, Parts& out) {
        out.push_back({Part::Kind::text, node.name == "sum" ? "Σ" : node.name, {}});
        out.push_back({Part::Kind::subscript, std::string(1, node.letter), {}});
        out.push_back({Part::Kind::text, "(", {}});
        running_.push_back(node.letter);
        print(*node.children[0], out, false, 0);
        running_.pop_back();
        // A softmax keeps one position of what it ran over: softmax_j(...)_9.
        out.push_back({Part::Kind::text, ")", {}});
        if (node.name == "softmax" && running_.find(node.letter) == std::string::npos)
            out.push_back({Part::Kind::subscript, std::to_string(letters_[static_cast<std::size_t>(node.letter)] + 1), {}});
    }

    void print_ref(const FormulaNode& ref, Parts& out) {
        const TraceTensor& tensor = trace_.tensor(ref.name);
        out.push_back({Part::Kind::operand, tensor.info.symbol.empty() ? ref.name : tensor.info.symbol, cell_of(ref)});
        out.push_back({Part::Kind::subscript, subscript(ref), {}});
    }

    std::string subscript(const FormulaNode& ref) {
        std::string text;
        for (const IndexNode& index : ref.indices) text += (text.empty() ? "" : ",") + index_text(index);
        return text;
    }

    CellRef cell_of(const FormulaNode& ref) {
        CellRef cell{ref.name, {}};
        for (const IndexNode& index : ref.indices) {
            bool missing = false;
            const bool fixed = !runs(index);
            const Index value = fixed ? rule_.evaluate(index, letters_, missing) : -1;
            cell.index.push_back(missing ? -1 : value);
        }
        return cell;
    }

    bool runs(const IndexNode& index) const {
        if (index.kind == IndexNode::Kind::letter) return running_.find(index.letter) != std::string::npos;
        if (index.ref) {
            bool any = false;
            for_each_ref(*index.ref, [&](const FormulaNode& ref, bool) {
                for (const IndexNode& inner : ref.indices) any = any || runs(inner);
            });
            return any;
        }
        return std::any_of(index.children.begin(), index.children.end(), [&](const IndexNode& c) { return runs(c); });
    }

    void collect(const FormulaNode& node, std::vector<Explanation::Operand>& list) {
        if (node.kind == FormulaNode::Kind::fallback) return collect(branch(node), list);
        if (node.kind == FormulaNode::Kind::reduce) running_.push_back(node.letter);
        if (node.kind == FormulaNode::Kind::ref) {
            add_operand(node, list);
            for (const IndexNode& index : node.indices)
                if (index.ref) collect(*index.ref, list);
        }
        for (const FormulaPtr& child : node.children) collect(*child, list);
        if (node.kind == FormulaNode::Kind::reduce) running_.pop_back();
    }

    void add_operand(const FormulaNode& ref, std::vector<Explanation::Operand>& list) {
        const TraceTensor& tensor = trace_.tensor(ref.name);
        Explanation::Operand operand{cell_of(ref), {}, {}, 0};
        for (const Explanation::Operand& known : list)
            if (known.ref == operand.ref) return;
        operand.text = (tensor.info.symbol.empty() ? ref.name : tensor.info.symbol) + "[" + subscript(ref) + "]";
        std::string shape;
        for (std::size_t a = 0; a < operand.ref.index.size(); ++a)
            if (operand.ref.index[a] < 0)
                shape += (shape.empty() ? "" : ", ") + std::to_string(tensor.values.shape()[static_cast<int>(a)]);
        if (shape.empty())
            operand.value = static_cast<double>(tensor.values.at(operand.ref.index));
        else
            operand.shape = "[" + shape + "]";
        list.push_back(std::move(operand));
    }

    double try_evaluate(const FormulaNode& node, bool& missing) { return rule_.evaluate(node, letters_, missing); }

    const Trace& trace_;
    const BoundRule& rule_;
    LetterValues letters_;
    std::string running_;  // letters that a reduction around the current place (or an open axis) runs over
};

/// The node whose terms are worth drawing: the longest reduction that depends on the cell alone.
const FormulaNode* longest_reduction(const FormulaNode& node, const BoundRule& rule, Printer& printer) {
    if (node.kind == FormulaNode::Kind::reduce) return &node;
    if (node.kind == FormulaNode::Kind::fallback) return longest_reduction(printer.branch(node), rule, printer);
    const FormulaNode* best = nullptr;
    for (const FormulaPtr& child : node.children) {
        const FormulaNode* found = longest_reduction(*child, rule, printer);
        if (found != nullptr && (best == nullptr || rule.extent(found->letter) > rule.extent(best->letter))) best = found;
    }
    return best;
}

/// exp(3.27) / 43.12 = 0.61; nothing where the exponentials would have no readable numbers.
Parts softmax_numbers(const FormulaNode& softmax, const BoundRule& rule, LetterValues letters, double result) {
    bool missing = false;
    const double score = rule.evaluate(*softmax.children[0], letters, missing);
    if (missing || !(std::abs(score) < 30) || !(result > 0)) return {};
    const auto number = [](double v) { return Part{Part::Kind::number, number_text(v), {}}; };
    const auto text = [](const char* t) { return Part{Part::Kind::text, t, {}}; };
    return {text("exp("), number(score), text(") / "), number(std::exp(score) / result), text(" = "), number(result)};
}

std::string plain(const Parts& parts) {
    std::string text;
    for (const Part& part : parts) text += part.kind == Part::Kind::subscript ? "[" + part.text + "]" : part.text;
    return text;
}

void add_terms(Explanation& e, const FormulaNode& reduction, const BoundRule& rule, LetterValues letters, const Trace& trace) {
    Printer inside(trace, rule, letters, std::string(1, reduction.letter));
    e.terms_letter = reduction.letter;
    e.terms_title = plain(inside.symbols(*reduction.children[0])) + ": the " + std::to_string(rule.extent(reduction.letter)) +
                    (reduction.name == "softmax" ? " scores that softmax normalises" : " terms of the " + reduction.name);
    bool missing = false;
    const std::vector<double> terms = rule.evaluate_all(*reduction.children[0], reduction.letter, letters, missing);
    const std::size_t n = std::min(terms.size(), static_cast<std::size_t>(most_terms));
    std::transform(terms.begin(), terms.begin() + static_cast<std::ptrdiff_t>(n), std::back_inserter(e.terms),
                   [](double term) { return static_cast<float>(term); });
}

/// "Weight of “e” (9) for “0” (5)" where both tokens have names, else "Scores, output 5 “0”, feature 3".
std::string cell_title(const TraceTensor& tensor, const CellRef& cell) {
    const std::size_t rank = cell.index.size();
    const auto token = [&](std::size_t a) {
        return "“" + tensor.info.axes[a]->label(cell.index[a]) + "” (" +
               std::to_string(tensor.info.axes[a]->at(cell.index[a]) + 1) + ")";
    };
    const auto named = [&](std::size_t a) { return cell.index[a] >= 0 && !tensor.info.axes[a]->labels.empty(); };
    if (tensor.info.role == Role::weights && rank == 2 && named(0) && named(1)) {
        return "Weight of " + token(1) + " for " + token(0);
    }
    std::string title = tensor.info.title.empty() ? tensor.info.name : tensor.info.title;
    for (std::size_t a = 0; a < cell.index.size(); ++a) {
        const Axis& axis = *tensor.info.axes[a];
        if (cell.index[a] < 0) continue;
        // Keys that are the queries' own tokens ("source.key") are called as these are.
        title += ", " + axis.name.substr(0, axis.name.ends_with(".key") ? axis.name.size() - 4 : axis.name.size()) + " ";
        title += is_stacked(axis.kind) ? axis.label(cell.index[a]) : std::to_string(axis.at(cell.index[a]) + 1);
        if (!axis.labels.empty() && !is_stacked(axis.kind)) title += " “" + axis.label(cell.index[a]) + "”";
    }
    return title;
}

void check_cell(const TraceTensor& tensor, CellRef& cell) {
    const Shape& shape = tensor.values.shape();
    if (static_cast<int>(cell.index.size()) > shape.rank())
        throw Error(ErrorCode::out_of_range,
                    cell.tensor + ": " + std::to_string(cell.index.size()) + " indices for a tensor " + shape.str(),
                    "give one index per axis");
    cell.index.resize(static_cast<std::size_t>(shape.rank()), -1);
    for (std::size_t a = 0; a < cell.index.size(); ++a)
        if (cell.index[a] < -1 || cell.index[a] >= shape[static_cast<int>(a)])
            throw Error(ErrorCode::out_of_range,
                        cell.tensor + ": index " + std::to_string(cell.index[a]) + " is outside axis '" +
                            tensor.info.axes[a]->name + "' of " + std::to_string(shape[static_cast<int>(a)]),
                        "indices count from 0");
}

/// The values along the axes that are left open, in order.
std::vector<float> open_values(const TraceTensor& tensor, const CellRef& cell) {
    std::vector<float> values;
    const Shape& shape = tensor.values.shape();
    std::vector<Index> at(cell.index.size());
    // Of what is made when it is looked at, the one row that is asked for.
    const bool one = !tensor.values.kept() && !cell.index.empty() && cell.index.front() >= 0;
    const Index row = one ? tensor.values.size() / shape[0] : 0, first = one ? cell.index.front() * row : 0;
    const Tensor<float> all = one ? tensor.values.row(cell.index.front()) : tensor.values.whole();
    const Index end = one ? first + row : tensor.values.size();
    for (Index flat = first; flat < end && static_cast<Index>(values.size()) < most_terms; ++flat) {
        Index rest = flat;
        bool inside = true;
        for (int a = shape.rank() - 1; a >= 0; --a) {
            const auto axis = static_cast<std::size_t>(a);
            at[axis] = rest % shape[a];
            rest /= shape[a];
            inside = inside && (cell.index[axis] < 0 || cell.index[axis] == at[axis]);
        }
        if (inside) values.push_back(all.data()[flat - first]);
    }
    return values;
}

/// How the rule stands on this run: with the symbols, and with the numbers.
void add_equation(Explanation& e, const Trace& trace, const TraceTensor& tensor, const Step& step, bool whole_cell) {
    const Rule rule = parse_rule(step.rule);
    const BoundRule bound(rule, trace);
    std::string open;
    for (std::size_t a = 0; a < e.cell.index.size(); ++a)
        if (e.cell.index[a] < 0) open.push_back(rule.letters[a]);
    std::vector<Index> at = e.cell.index;
    for (Index& i : at) i = std::max<Index>(i, 0);
    const LetterValues letters = bound.letters_at(at);
    Printer printer(trace, bound, letters, open);
    e.has_rule = true;
    std::string subscript;
    for (std::size_t a = 0; a < e.cell.index.size(); ++a)
        subscript +=
            (a == 0 ? "" : ",") + (e.cell.index[a] < 0 ? std::string(1, rule.letters[a]) : std::to_string(e.cell.index[a] + 1));
    e.equation.push_back({Part::Kind::text, tensor.info.symbol.empty() ? tensor.info.name : tensor.info.symbol, {}});
    e.equation.push_back({Part::Kind::subscript, subscript, {}});
    e.equation.push_back({Part::Kind::text, " = ", {}});
    for (Part& part : printer.symbols(*rule.expression)) e.equation.push_back(std::move(part));
    e.operands = printer.operands(*rule.expression);
    if (!whole_cell) return;

    e.recomputed = bound.evaluate(at);
    e.equation.push_back({Part::Kind::text, " = ", {}});
    e.equation.push_back({Part::Kind::number, number_text(e.recorded), {}});
    Parts numbers = printer.numbers(*rule.expression);
    const auto count =
        std::count_if(numbers.begin(), numbers.end(), [](const Part& p) { return p.kind == Part::Kind::number; });
    if (count > 1 && static_cast<std::size_t>(count) <= most_numbers) {
        e.numbers = std::move(numbers);
        e.numbers.push_back({Part::Kind::text, " = ", {}});
        e.numbers.push_back({Part::Kind::number, number_text(e.recomputed), {}});
    }
    if (rule.expression->kind == FormulaNode::Kind::reduce && rule.expression->name == "softmax") {
        e.numbers = softmax_numbers(*rule.expression, bound, letters, e.recomputed);
    }
    if (const FormulaNode* reduction = longest_reduction(*rule.expression, bound, printer))
        add_terms(e, *reduction, bound, letters, trace);
}

}  // namespace

Explanation explain(const Trace& trace, const CellRef& cell) {
    const TraceTensor& tensor = trace.tensor(cell.tensor);
    Explanation e;
    e.cell = cell;
    check_cell(tensor, e.cell);
    const bool whole_cell = std::all_of(e.cell.index.begin(), e.cell.index.end(), [](Index i) { return i >= 0; });
    e.title = cell_title(tensor, e.cell);
    if (whole_cell) {
        const Index offset = tensor.values.offset_of(e.cell.index);
        e.recorded = static_cast<double>(tensor.values.at(e.cell.index));
        e.recomputed = e.recorded;
        if (tensor.edited(offset))
            e.edited = "changed by hand: computed " + number_text(static_cast<double>(tensor.before.at(e.cell.index))) +
                       ", now " + number_text(e.recorded);
    }
    if (const Step* step = trace.step_of(cell.tensor)) {
        e.formula = step->formula;
        e.source = step->source;
        if (!step->rule.empty() && !tensor.values.empty()) add_equation(e, trace, tensor, *step, whole_cell);
    } else {
        e.formula =
            tensor.info.role == Role::parameter ? "a parameter of the model, learned in training" : "an input of this run";
    }
    if (!whole_cell) {
        e.terms = open_values(tensor, e.cell);
        e.terms_title = std::to_string(e.terms.size()) + " values";
    }
    return e;
}

}  // namespace saccade
